"""MS-COCO in the one on-disk form, from a small annotation file made here."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from wsss.coco.annotations import read_instances
from wsss.coco.pictures import prepare_pictures
from wsss.data import DataError, read_classes, read_images
from wsss.data_checks import check_images
from wsss.label_io import read_label
from wsss.progress import Progress

CATEGORIES = [
    {"id": 90, "name": "toothbrush", "supercategory": "indoor"},  # not in the order of the ids, which have gaps
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 10, "name": "traffic light", "supercategory": "outdoor"},
]


def square(top: int, left: int, side: int) -> list[list[float]]:
    """A polygon around ``side`` × ``side`` pixels."""
    a, b, c, d = left, top, left + side, top + side
    return [[a, b, c, b, c, d, a, d]]


def runs(mask: np.ndarray) -> dict:
    """COCO's uncompressed run lengths, column by column, starting with zeros."""
    counts, value, length = [], 0, 0
    for v in mask.T.ravel().tolist():
        if v != value:
            counts, value, length = [*counts, length], v, 0
        length += 1
    return {"counts": [*counts, length], "size": list(mask.shape)}


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Three training pictures, one without objects, and one for validation."""
    crowd = np.zeros((20, 30), np.uint8)
    crowd[:, 20:] = 1
    shapes = [
        (1, 1, square(2, 2, 10), 100, 0),
        (1, 10, square(4, 4, 3), 9, 0),  # the smaller one is listed second, and lies on the larger
        (1, 1, runs(crowd), 200, 1),
        (1, 1, square(0, 22, 4), 16, 0),  # a person of his own within the crowd
        (2, 90, square(5, 5, 6), 36, 0),
        (4, 10, square(0, 0, 5), 25, 0),
    ]
    content = {"train": (1, 2, 3), "val": (4,)}
    (tmp_path / "annotations").mkdir()
    for split, ids in content.items():
        (tmp_path / f"{split}2017").mkdir()
        images = [{"id": i, "file_name": f"{i:012d}.jpg", "height": 20, "width": 30} for i in ids]
        annotations = [
            {"id": n, "image_id": i, "category_id": c, "segmentation": s, "area": a, "iscrowd": w}
            for n, (i, c, s, a, w) in enumerate(shapes)
            if i in ids
        ]
        text = json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES})
        (tmp_path / "annotations" / f"instances_{split}2017.json").write_text(text)
        for image in images:
            cv2.imwrite(str(tmp_path / f"{split}2017" / image["file_name"]), np.full((20, 30, 3), 90, np.uint8))
    return tmp_path


def quiet(log: io.StringIO | None = None) -> Progress:
    return Progress("test", log or io.StringIO(), io.StringIO())


def prepared(coco: Path, log: io.StringIO | None = None) -> Path:
    prepare_pictures(coco / "annotations", coco, coco / "form", year=2017, progress=quiet(log))
    return coco / "form"


def test_pictures_lists_and_labels_are_in_the_one_form(coco):
    log = io.StringIO()
    form = prepared(coco, log)
    assert read_classes(form / "classes.txt") == ["background", "person", "traffic_light", "toothbrush"]
    check_images(form, coco / "images.csv", ["train", "val"])
    train = read_images(coco / "images.csv", form / "classes.txt", "train")
    assert [(p.image_id, p.classes) for p in train] == [("000000000001", (1, 2)), ("000000000002", (3,))]
    assert "train: 1 pictures show no class" in log.getvalue()
    assert (form / "supercategories.csv").read_text().splitlines()[1:] == [
        "person,person", "traffic_light,outdoor", "toothbrush,indoor"
    ]  # fmt: skip


def test_a_crowd_alone_is_no_image_level_label(coco):
    file = coco / "annotations" / "instances_train2017.json"
    content = json.loads(file.read_text())
    for a in content["annotations"]:
        a["iscrowd"] = int(a["category_id"] == 1)
    file.write_text(json.dumps(content))
    assert read_instances(coco / "annotations", "train", 2017).classes_of_images() == {1: [2], 2: [3], 3: []}


def test_masks_ignore_crowds_and_put_small_objects_in_front(coco):
    pytest.importorskip("pycocotools")
    from wsss.coco.masks import prepare_masks

    ids = {"train": ["000000000001", "000000000002"], "val": ["000000000004"]}
    prepare_masks(coco / "annotations", coco / "masks", ids, year=2017, progress=quiet())
    assert sorted(f.stem for f in (coco / "masks").iterdir()) == sorted([*ids["train"], *ids["val"]])
    expected = np.zeros((20, 30), np.uint8)
    expected[2:12, 2:12] = 1
    expected[4:7, 4:7] = 2
    expected[:, 20:] = 255
    expected[0:4, 22:26] = 1
    np.testing.assert_array_equal(read_label(coco / "masks" / "000000000001.png"), expected)
    assert (read_label(coco / "masks" / "000000000002.png") == 3).sum() == 36


def test_a_missing_picture_and_a_missing_or_foreign_file_are_named(coco):
    (coco / "train2017" / "000000000002.jpg").unlink()
    with pytest.raises(DataError, match=r"train2017/000000000002\.jpg is missing"):
        prepared(coco)
    assert not (coco / "form" / "JPEGImages").exists()
    with pytest.raises(DataError, match=r"instances_train2014\.json is missing"):
        read_instances(coco / "annotations", "train", 2014)
    (coco / "annotations" / "instances_val2017.json").write_text("{}")
    with pytest.raises(DataError, match=r"instances_val2017\.json is no file of COCO instances"):
        read_instances(coco / "annotations", "val", 2017)
