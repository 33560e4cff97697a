"""Copies of the repository, one with a finished run."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkouts import TARGETS, Checkout, copy_repository


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the repository without results, for dry runs: leave it as it is."""
    folder = tmp_path_factory.mktemp("clone")
    copy_repository(folder)
    return Checkout(folder)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The finished run of all tiny targets: look at it, and leave it as it is."""
    folder = tmp_path_factory.mktemp("tiny")
    copy_repository(folder)
    checkout = Checkout(folder)
    checkout.snakemake(*TARGETS)
    return checkout


@pytest.fixture
def tiny_copy(tiny_run: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the finished run with its times and Snakemake's records, to be edited and broken."""
    folder = tmp_path / "tiny"
    subprocess.run(["cp", "-a", str(tiny_run.folder), str(folder)], check=True)
    yield Checkout(folder)
    shutil.rmtree(folder)
