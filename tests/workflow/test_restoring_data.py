"""Restoring in a clone without data: what is under DVC is pulled if it is needed, what a rule would fetch is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkouts import TINY, Checkout, copy_repository
from onnx_file import write_model
from test_publishing import artifacts, call, commit, dvc, git, under_git

from wsss.artifacts import sha256
from wsss.openmoji import build

CONFIG = (TINY, "config/mine.yaml")
LISTS = tuple(f"results/mine/data/{name}.csv" for name in ("images", "masks", "saliency"))
MODEL = "data/tiny.onnx"


def release(folder: Path, action: str, *targets: str, check: bool = True) -> str:
    return call(folder, sys.executable, "workflow/release.py", action, *targets, "--configfile", *CONFIG, check=check)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a given folder, which is under DVC, and a model, which is not; its lists are published."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    origin = tmp_path_factory.mktemp("given") / "origin"
    copy_repository(origin)
    build(origin / "data/mine", size=65, train=4, val=2)
    shutil.rmtree(origin / "data/mine/Saliency")
    model = {"model": MODEL, "url": "http://127.0.0.1:9/tiny.onnx", "sha256": sha256(write_model(origin / MODEL))}
    dataset = {"name": "mine", "path": "data/mine", "saliency": model}
    (origin / CONFIG[-1]).write_text(yaml.safe_dump({"dataset": dataset}))
    under_git(origin)
    dvc(origin, "add", "data/mine")
    dvc(origin, "push")
    commit(origin, "Data")
    Checkout(origin, CONFIG).snakemake(*LISTS)
    release(origin, "publish", *LISTS)
    commit(origin, "Publish")
    return origin


def clone_of(origin: Path, name: str) -> Checkout:
    folder = origin.parent / name
    git(origin, "clone", "--quiet", str(origin), str(folder))
    return Checkout(folder, CONFIG)


def test_a_clone_needs_no_step_before(origin: Path):
    clone = clone_of(origin, "restored")
    output = release(clone.folder, "restore")
    assert "Pulling data/mine.dvc, which the release was made from." in output
    assert f"{MODEL} is not here; Snakemake fetches it when something has to be made from it." in output
    assert "Restored 6 of 6 artifacts of mine." in output  # the maps as well
    assert clone.dry_run(*LISTS) == {}
    for path in (*(clone.folder / "results").rglob("*"), *(clone.folder / "src").rglob("*.py")):
        path.touch()
    assert clone.dry_run(*LISTS) == {}
    # Once maps have to be made again, the model is fetched.
    subprocess.run(["rm", "-r", "results/mine/data/saliency", LISTS[-1]], cwd=clone.folder, check=True)
    assert clone.dry_run(*LISTS) == {"download_saliency_model": 1, "detect_saliency": 1, "check_saliency": 1}


def test_a_model_that_is_here_is_judged(origin: Path):
    clone = clone_of(origin, "other_model")
    (clone.folder / "data").mkdir(exist_ok=True)
    (clone.folder / MODEL).write_bytes(b"another")
    reasons = artifacts(release(clone.folder, "restore", check=False), "stale")
    assert reasons["results/mine/data/saliency/maps"] == f"{MODEL} has changed since"
    assert (clone.folder / LISTS[0]).is_file() and not (clone.folder / LISTS[-1]).exists()


def test_data_that_are_nowhere_are_missed(origin: Path):
    clone = clone_of(origin, "without")
    (clone.folder / "data/mine.dvc").unlink()
    reasons = artifacts(release(clone.folder, "restore", check=False), "stale")
    assert reasons[LISTS[0]].startswith("data/mine/")
    assert "data/mine/JPEGImages is not here" in reasons[LISTS[0]]


def test_a_release_names_no_path_of_one_machine(origin: Path):
    text = (origin / "results/published/mine/release.json").read_text()
    assert "data/mine/labels.csv" in text and str(origin) not in text
