"""A cluster, and copies of the repository whose runs it gets."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounting import COMMANDS, PACKAGES, AccountedCluster
from cluster import Cluster, why_not
from runs import Workplace, new_workplace


def running(kind: type[Cluster], reason: str | None) -> Iterator[Cluster]:
    """A SLURM, stopped when it is no longer needed; skips where there is a ``reason`` that none can be started."""
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # a short path: munge's socket has at most 107 characters
    cluster = kind(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A SLURM that runs while the tests do."""
    yield from running(Cluster, why_not())


@pytest.fixture
def accounted() -> Iterator[AccountedCluster]:
    """One with an accounting database."""
    yield from running(AccountedCluster, why_not(COMMANDS, PACKAGES))


@pytest.fixture(scope="session")
def table_run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A finished run of Table 3: look at it, and leave it as it is."""
    workplace = new_workplace(cluster, tmp_path_factory.mktemp("table") / "clone")
    with workplace.run("nsrom_table3") as run:
        run.ends_well()
    return workplace


@pytest.fixture
def untrained(table_run: Workplace, tmp_path: Path) -> Workplace:
    """A copy of that run, of which nothing but the data set is left."""
    return table_run.with_only_the_data(tmp_path / "clone")
