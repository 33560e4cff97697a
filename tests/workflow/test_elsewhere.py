"""Started from another folder: it works there, or says in one sentence what to type."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkouts import Checkout, copy_repository


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose path has a blank and an umlaut."""
    folder = tmp_path_factory.mktemp("elsewhere") / "my prüf ordner"
    folder.mkdir()
    copy_repository(folder)
    return folder


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs Python there, without a home and in the C locale."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000", "LC_ALL": "C"}
    environment.pop("HOME", None)
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_results_are_those_of_the_folder_it_is_started_in(checkout: Path, tmp_path: Path):
    lists = ("results/tiny/data/images.csv", "results/tiny/data/masks_val.csv")
    snakemake = ("-m", "snakemake", "--cores", "2", "--snakefile", str(checkout / "Snakefile"))
    overlay = ("--configfile", str(checkout / "config/tiny.yaml"))
    run = call(tmp_path, *snakemake, *lists, *overlay)
    assert run.returncode == 0, run.stdout
    assert all((tmp_path / file).is_file() for file in lists)
    assert not (checkout / "results/tiny").exists()
    for file in (checkout / "src/wsss").glob("*.py"):
        file.touch()
    assert "Nothing to be done" in call(tmp_path, *snakemake, *lists, *overlay).stdout
    planned = call(tmp_path, *snakemake, "--dry-run", "nsrom_table3", "paper", *overlay)
    assert planned.returncode == 0 and "train_classifier" in planned.stdout


def test_with_the_folder_of_the_checkout_named(checkout: Path):
    name = checkout.name
    overlay = ("--configfile", f"{name}/config/tiny.yaml")
    run = call(
        checkout.parent, "-m", "snakemake", "--dry-run", "--snakefile", f"{name}/Snakefile", "--directory", name,
        "nsrom_table3", *overlay,
    )  # fmt: skip
    assert run.returncode == 0 and "train_classifier" in run.stdout


def test_a_link_to_the_snakefile_says_what_to_type(checkout: Path, tmp_path: Path):
    (tmp_path / "Snakefile").symlink_to(checkout / "Snakefile")
    run = call(tmp_path, "-m", "snakemake", "--cores", "1", "--dry-run", "nsrom_table3")
    assert run.returncode and f"type `snakemake --snakefile {checkout}/Snakefile`" in run.stdout


def test_releases_are_those_of_a_checkout(checkout: Path, tmp_path: Path):
    run = call(tmp_path, "-c", f"import sys; sys.path.insert(0, {str(checkout / 'src')!r})\n"
               f"sys.argv = ['release.py', 'restore']; sys.path.insert(0, {str(checkout / 'workflow')!r})\n"
               "import release; release.main()")  # fmt: skip
    assert run.returncode and f"Error: releases are those of a checkout: type `cd '{checkout}'` first" in run.stdout


def test_a_checkout_that_pythons_search_path_cannot_hold(tmp_path: Path):
    folder = tmp_path / "co:lon"
    folder.mkdir()
    copy_repository(folder)
    run = Checkout(folder).snakemake("--dry-run", "nsrom_table3", check=False)
    assert run.returncode and f"{folder} has a ':' in its path" in run.stdout and "move the checkout" in run.stdout
