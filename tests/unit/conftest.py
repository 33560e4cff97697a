"""Where the reference vectors of published code and the papers' text are, and a stand-in for VOC 2012."""

import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from voc_standin import StandIn, write_standin

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSSS_SHARED", REPOSITORY.parent / "shared"))
SMALL, FULL = REPOSITORY / "tests" / "golden", SHARED / "golden"  # the first one's README.md says what it holds


def shared(name: str, what: str) -> Path:
    """$WSSS_SHARED/{name}, by default ../shared/{name} beside the repository; the test is skipped where it is not."""
    if not (SHARED / name).is_dir():
        pytest.skip(f"{what} not at {SHARED / name}; set WSSS_SHARED to the folder that holds {name}/")
    return SHARED / name


@pytest.fixture(scope="session", params=[SMALL, FULL] if FULL.is_dir() else [SMALL], ids=lambda p: p.parent.name)
def golden(request) -> Path:
    """Each folder of reference vectors: the repository's small copy, and the full set where that is at hand."""
    return request.param


@pytest.fixture(scope="session")
def full_golden() -> Path:
    """The folder of the full set."""
    return shared("golden", "the full set of reference vectors is")


@pytest.fixture(scope="session")
def papers() -> Path:
    """The folder of the papers' text."""
    return shared("papers", "the papers' text is")


@pytest.fixture(scope="session")
def standin(tmp_path_factory) -> StandIn:
    return write_standin(tmp_path_factory.mktemp("standin"))


@pytest.fixture(scope="session")
def unpacked(standin, tmp_path_factory) -> Path:
    """The archives unpacked as a user would."""
    folder = tmp_path_factory.mktemp("unpacked")
    for archive in (standin.trainval, standin.sbd):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    for archive in (standin.augmented, standin.saliency):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    return folder
