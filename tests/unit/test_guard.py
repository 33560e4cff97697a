"""The guard against training on ground truth. An audit hook cannot be removed, so each test has its own process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsss.label_io import write_label

SOURCES = Path(__file__).resolve().parents[2] / "src"
READ = """
import sys
from pathlib import Path
from wsss import guard
from wsss.data import read_picture
from wsss.label_io import read_gray, read_label
sys.argv[2] == "guarded" and guard.forbid()
{call}
print("read")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("voc")
    for name in ("JPEGImages", "SegmentationClass", "Saliency"):
        (root / name).mkdir()
        write_label(root / name / "a.png", np.zeros((8, 8), np.uint8))
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / name / "a.jpg")
    return root


def run(call: str, folder: Path, state: str = "guarded") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", READ.format(call=call), str(folder), state],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
    )


CALLS = ['read_label("{}/a.png")', 'read_gray("{}/a.png")', 'read_picture(Path("{}/a.jpg"))']


@pytest.mark.parametrize("call", CALLS)
def test_no_reader_gets_at_ground_truth(folder, call):
    inside = run(call.format(folder / "SegmentationClass"), folder)
    assert inside.returncode != 0 and "read" not in inside.stdout.split()
    assert "is ground truth" in inside.stderr.splitlines()[-1]
    assert "GroundTruthError" in inside.stderr.splitlines()[-1]


def test_other_folders_can_be_read_and_without_the_guard_all(folder):
    others = [call.format(folder / name) for call in CALLS for name in ("Saliency", "JPEGImages")]
    assert run("\n".join(others), folder).stdout == "read\n"
    unguarded = [call.format(folder / "SegmentationClass") for call in CALLS]
    assert run("\n".join(unguarded), folder, "unguarded").stdout == "read\n"


@pytest.mark.parametrize("name", ["SegmentationClassAug", "SegmentationClassRaw"])
def test_other_names_of_masks_are_known(folder, name):
    (folder / name).mkdir()
    write_label(folder / name / "a.png", np.zeros((8, 8), np.uint8))
    assert "GroundTruthError" in run(CALLS[0].format(folder / name), folder).stderr.splitlines()[-1]


def test_pictures_may_be_links(folder):
    """The prepared VOC folder links to the pictures of an unpacked one."""
    (folder / "links").mkdir()
    (folder / "links" / "a.jpg").symlink_to(folder / "JPEGImages" / "a.jpg")
    (folder / "links" / "a.png").symlink_to(folder / "SegmentationClass" / "a.png")
    assert run(CALLS[2].format(folder / "links"), folder).stdout == "read\n"
    assert "GroundTruthError" in run(CALLS[0].format(folder / "links"), folder).stderr.splitlines()[-1]


def test_plain_and_low_level_opens_are_seen(folder):
    path = folder / "SegmentationClass" / "a.png"
    for call in (f"open('{path}', 'rb')", f"Path('{path}').read_bytes()", f"import os; os.open('{path}', os.O_RDONLY)"):
        blocked = run(call, folder)
        assert "GroundTruthError" in blocked.stderr.splitlines()[-1], call
