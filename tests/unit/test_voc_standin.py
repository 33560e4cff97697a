"""The stand-in for VOC 2012 is what the archives' readers will meet."""

import csv
import tarfile

import numpy as np
from scipy.io import loadmat
from voc_standin import write_standin

from wsss.artifacts import sha256


def test_the_stand_in_has_the_real_layout(tmp_path):
    standin = write_standin(tmp_path / "a")
    assert {s: len(i) for s, i in standin.ids.items()} == {"train": 8, "val": 4, "test": 3, "trainaug": 12}
    with tarfile.open(standin.trainval) as tar:
        names = set(tar.getnames())
    first = standin.ids["train"][0]
    assert {f"VOCdevkit/VOC2012/{n}" for n in (f"JPEGImages/{first}.jpg", f"SegmentationClass/{first}.png")} < names
    with tarfile.open(standin.sbd) as tar:
        mat = loadmat(tar.extractfile(f"benchmark_RELEASE/dataset/cls/{first}.mat"))
    assert np.array_equal(mat["GTcls"][0]["Segmentation"][0], standin.masks[first])
    shapes = {mask.shape for mask in standin.masks.values()}
    assert (96, 128) in shapes and len(shapes) == 4
    with open(standin.labels, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["image_id"] for r in rows] == standin.ids["trainaug"] + standin.ids["val"]
    expected = standin.expected
    assert expected["simple"] + expected["complex"] == expected["trainaug"] == 12
    assert expected["simple"] >= 5 and expected["complex"] >= 5 and expected["pairs"] > 15


def test_the_same_bytes_again(tmp_path):
    first, second = write_standin(tmp_path / "a"), write_standin(tmp_path / "b")
    for name in ("trainval", "sbd", "augmented", "test", "saliency", "labels"):
        assert sha256(getattr(first, name)) == sha256(getattr(second, name)), name
