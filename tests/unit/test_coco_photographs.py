"""Real photographs of COCO, annotated anew as COCO does it, come back with the labels and masks that they have."""

import csv
import io
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from wsss.coco.masks import prepare_masks
from wsss.coco.pictures import prepare_pictures
from wsss.data import read_classes, read_images, read_masks
from wsss.data_checks import check_images, check_masks
from wsss.label_io import read_label
from wsss.progress import Progress

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"  # where config/photos.yaml has them
SOME = 12  # pictures of a split
FIRST_ID, GAP = 3, 7  # ids of categories are no indices

pytestmark = pytest.mark.skipif(not PHOTOS.exists(), reason="the photographs of config/photos.yaml are not here")


def chosen() -> dict[str, list[dict]]:
    """The first rows of ``labels.csv`` that come from COCO, of each split."""
    with open(PHOTOS / "labels.csv", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == "coco2017"]
    return {s: list(islice((r for r in rows if r["split"] == s), SOME)) for s in ("train", "val")}


def shapes(label: np.ndarray) -> list[tuple[int, np.ndarray, int]]:
    """(class, region, crowd) of a mask; what it ignores is a crowd of class 1."""
    found = [(int(c), label == c, 0) for c in np.unique(label) if c not in (0, 255)]
    return [*found, (1, label == 255, 1)]


def annotated(rows: list[dict], names: list[str]) -> dict:
    """What a file of instances says of photographs, with compressed run lengths."""
    encode = pytest.importorskip("pycocotools.mask").encode
    images, annotations = [], []
    for number, row in enumerate(rows, 1):
        label = read_label(PHOTOS / "SegmentationClass" / f"{row['image_id']}.png")
        size = {"height": label.shape[0], "width": label.shape[1]}
        images.append({"id": number, "file_name": f"{row['image_id']}.jpg", **size})
        for c, region, crowd in shapes(label):
            runs = encode(np.asfortranarray(region.astype(np.uint8)))
            annotation = {"image_id": number, "category_id": FIRST_ID + GAP * c, "area": int(region.sum())}
            shape = {"size": runs["size"], "counts": runs["counts"].decode()}
            annotations.append(annotation | {"id": len(annotations), "iscrowd": crowd, "segmentation": shape})
    categories = [{"id": FIRST_ID + GAP * c, "name": n} for c, n in enumerate(names) if c]
    return {"images": images, "annotations": annotations, "categories": categories}


def test_photographs_of_coco_keep_their_labels_and_masks(tmp_path):
    names, rows = read_classes(PHOTOS / "classes.txt"), chosen()
    (tmp_path / "annotations").mkdir()
    for split, of_split in rows.items():
        assert len(of_split) == SOME
        content = annotated(of_split, names)
        (tmp_path / "annotations" / f"instances_{split}2017.json").write_text(json.dumps(content))
        (tmp_path / f"{split}2017").symlink_to(PHOTOS / "JPEGImages")
    quiet, form = Progress("test", io.StringIO(), io.StringIO()), tmp_path / "form"
    prepare_pictures(tmp_path / "annotations", tmp_path, form, year=2017, progress=quiet)
    ids = {split: [row["image_id"] for row in of_split] for split, of_split in rows.items()}
    prepare_masks(tmp_path / "annotations", form / "SegmentationClass", ids, year=2017, progress=quiet)

    assert read_classes(form / "classes.txt") == names
    check_images(form, tmp_path / "images.csv", list(rows))
    check_masks(form, tmp_path / "masks.csv", list(rows))
    masks = read_masks(tmp_path / "masks.csv")
    for split, of_split in rows.items():
        read = read_images(tmp_path / "images.csv", form / "classes.txt", split)
        labels = {p.image_id: {names[c] for c in p.classes} for p in read}
        assert labels == {row["image_id"]: set(row["classes"].split()) for row in of_split}
        for image_id in labels:
            original = read_label(PHOTOS / "SegmentationClass" / f"{image_id}.png")
            np.testing.assert_array_equal(read_label(masks[image_id]), original, err_msg=image_id)
    assert any((read_label(m) == 255).any() for m in masks.values())  # regions to ignore were among them
