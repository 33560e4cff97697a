"""Where the published reference vectors and the papers' text are, and a stand-in for VOC 2012."""

import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from voc_standin import StandIn, write_standin


def shared(name: str, what: str) -> Path:
    """$WSSS_SHARED/{name}, by default ../shared/{name} beside the repository; the test is skipped where it is not."""
    repository = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("WSSS_SHARED", repository.parent / "shared")) / name
    if not folder.is_dir():
        pytest.skip(f"{what} not at {folder}; set WSSS_SHARED to the folder that holds {name}/")
    return folder


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference vectors."""
    return shared("golden", "the reference vectors are")


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
