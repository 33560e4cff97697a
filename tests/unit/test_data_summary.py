"""`snakemake check` says what was understood."""

from pathlib import Path

from small_folder import CLASSES, HEIGHT, WIDTH, check, write_folder

from wsss.data import read_images
from wsss.data_summary import summary


def test_all_that_was_understood_is_said(tmp_path: Path):
    check(write_folder(tmp_path / "mine"))
    images, classes = tmp_path / "images.csv", tmp_path / "classes.txt"
    pictures = {split: read_images(images, classes, split) for split in ("train", "val")}
    assert summary(pictures, CLASSES, {"train": 8, "val": 4}, {"train": 8}, []) == [
        f"pictures  train: 8 (6 simple, 2 complex), {WIDTH} × {HEIGHT} px",
        f"          val: 4 (3 simple, 1 complex), {WIDTH} × {HEIGHT} px",
        "classes     0 background",
        "            1 cat              3 train       2 val",
        "            2 dog              4 train       1 val",
        "            3 cow              3 train       2 val",
        "masks     train: 8",
        "          val: 4",
        "maps      train: 8",
        "warnings  none",
    ]


def test_what_is_absent_or_odd_is_said(tmp_path: Path):
    check(write_folder(tmp_path / "mine"))
    images, classes = tmp_path / "images.csv", tmp_path / "classes.txt"
    simple = [p for p in read_images(images, classes, "train") if p.kind == "simple" and p.classes != (3,)]
    lines = summary({"train": simple}, CLASSES, {}, {"train": "none"}, ["two masks are odd"])
    assert lines[-5:] == [
        "masks     train: none",
        "maps      train: none",
        "warning   two masks are odd",
        "          no picture of split 'train' has the class cow",
        "          no picture of split 'train' is complex",
    ]
