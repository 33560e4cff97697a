"""Copies of the repository, one with a finished run."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkouts import TARGETS, Checkout, copy_repository
from filelock import FileLock


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the repository without results, for dry runs: leave it as it is."""
    folder = tmp_path_factory.mktemp("clone")
    copy_repository(folder)
    return Checkout(folder)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Checkout:
    """The finished run of all tiny targets, one for all test processes: look at it, and leave it as it is."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "tiny"
    checkout = Checkout(folder)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.with_suffix(".finished").exists():
            copy_repository(folder)
            checkout.snakemake(*TARGETS)
            folder.with_suffix(".finished").touch()
    return checkout


@pytest.fixture
def tiny_copy(tiny_run: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the finished run with its times and Snakemake's records, to be edited and broken."""
    folder = tmp_path / "tiny"
    subprocess.run(["cp", "-a", str(tiny_run.folder), str(folder)], check=True)
    yield Checkout(folder)
    shutil.rmtree(folder)
