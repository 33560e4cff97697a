"""Provenance: what made an artifact."""

import json
import subprocess

import pytest

from wsss.artifacts import sha256
from wsss.provenance import code_version, write_provenance


def git(folder, *arguments) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    run = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "code.py").write_text("one\n")
    git(folder, "add", "code.py")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def test_code_version_is_commit_and_dirty_flag(repository):
    commit = git(repository, "rev-parse", "HEAD")
    assert code_version(repository) == {"commit": commit, "dirty": False}
    (repository / "results.csv").write_text("untracked files do not count")
    assert code_version(repository) == {"commit": commit, "dirty": False}
    (repository / "code.py").write_text("two\n")
    assert code_version(repository) == {"commit": commit, "dirty": True}


def test_outside_a_checkout_nothing_is_claimed(tmp_path):
    assert code_version(tmp_path) == {"commit": None, "dirty": None}


def test_the_record(repository, tmp_path):
    picture, folder = tmp_path / "images.csv", tmp_path / "labels"
    picture.write_text("a,b\n")
    folder.mkdir()
    write_provenance(
        tmp_path / "provenance.json",
        rule="train_classifier",
        inputs=[str(picture), str(folder)],
        parameters={"classifier.nodes": 32},
        seed=3,
        seconds=1.234,
        threads=2,
        root=repository,
    )
    record = json.loads((tmp_path / "provenance.json").read_text())
    assert record["rule"] == "train_classifier"
    assert record["code"] == code_version(repository)
    assert record["inputs"] == {str(picture): sha256(picture), str(folder): "folder"}
    assert (record["parameters"], record["seed"], record["wall_seconds"]) == ({"classifier.nodes": 32}, 3, 1.23)
    assert record["libraries"]["torch"].startswith("2.") and record["libraries"]["snakemake"]
    assert record["device"]["threads"] == 2
    assert 10 < record["peak_memory_mib"] < 100_000
    assert record["finished"].endswith("+00:00")
