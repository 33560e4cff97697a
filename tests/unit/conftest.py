"""Where the published reference vectors are."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference vectors: $WSSS_SHARED/golden, by default ../shared/golden beside the repository."""
    repository = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("WSSS_SHARED", repository.parent / "shared")) / "golden"
    if not folder.is_dir():
        pytest.skip(f"the reference vectors are not at {folder}; set WSSS_SHARED to the folder that holds golden/")
    return folder
