"""MS-COCO in the one on-disk form, from a small annotation file made here."""

import io
import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from wsss.coco.annotations import read_instances
from wsss.coco.pictures import prepare_pictures
from wsss.coco.shapes import drawn
from wsss.data import DataError, read_classes, read_images
from wsss.data_checks import check_images, check_masks
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


# --- exports of labelling tools -----------------------------------------------------------------------------------


def edit(coco: Path, change, split: str = "train") -> None:
    file = coco / "annotations" / f"instances_{split}2017.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def masks(coco: Path, **settings) -> Path:
    pytest.importorskip("pycocotools")
    from wsss.coco.masks import prepare_masks

    ids = {"train": ["000000000001", "000000000002"], "val": ["000000000004"]}
    prepare_masks(coco / "annotations", coco / "masks", ids, year=2017, progress=quiet(), **settings)
    return coco / "masks"


def refuse(coco: Path, *words: str, act=prepared) -> None:
    with pytest.raises(DataError) as caught:
        act(coco)
    message = str(caught.value)
    assert "instances_" in message and "\n" not in message
    assert all(word in message for word in words), message
    assert not (coco / "form" / "JPEGImages").exists() and not (coco / "masks").exists()


def on_annotation(number: int, **changes):
    return lambda content: content["annotations"][number].update(changes)


def on_image(number: int, **changes):
    return lambda content: content["images"][number].update(changes)


def test_an_unknown_category_is_named(coco):
    edit(coco, on_annotation(0, category_id=77))
    refuse(coco, "instances_train2017.json annotates an object of the category 77")


@pytest.mark.parametrize("name", ["background", "_background_", "Background"])
def test_a_category_called_background_is_background(coco, name):
    """Exporters write it as category 0; objects of it are no label, and 0 in masks."""
    for split in ("train", "val"):
        edit(coco, lambda c: c["categories"].insert(0, {"id": 0, "name": name, "supercategory": ""}), split)
    edit(coco, lambda c: c["annotations"].append(dict(c["annotations"][0], id=99, category_id=0, area=1)))
    form = prepared(coco)
    assert read_classes(form / "classes.txt") == ["background", "person", "traffic_light", "toothbrush"]
    assert "000000000001,train,person traffic_light" in (form / "labels.csv").read_text()
    assert 0 in read_label(masks(coco) / "000000000001.png")[2:12, 2:12]


@pytest.mark.parametrize("name", ["my street", "person"])
def test_the_project_that_roboflow_lists_as_a_category_is_no_class(coco, name):
    def rooted(content):
        content["categories"] = [{**c, "supercategory": name} for c in content["categories"]]
        content["categories"].insert(0, {"id": 0, "name": name, "supercategory": "none"})

    for split in ("train", "val"):
        edit(coco, rooted, split)
    classes = read_classes(prepared(coco) / "classes.txt")
    assert classes == ["background", "person", "traffic_light", "toothbrush"]
    if name != "person":  # where objects are of it, it is a class
        for split in ("train", "val"):
            edit(coco, lambda c: c["annotations"][0].update(category_id=0), split)
        assert read_classes(prepared(coco) / "classes.txt")[1] == "my_street"


def test_sides_of_pictures_that_a_table_has_made_fractions(coco):
    edit(coco, on_image(0, width=30.0, height=20.0))
    assert read_label(masks(coco) / "000000000001.png").shape == (20, 30)
    for wrong in (30.5, float("nan"), -30):
        edit(coco, on_image(0, width=wrong))
        with pytest.raises(DataError, match="width and height in pixels"):
            masks(coco)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["categories"].append({"id": 5, "name": "traffic_light"}), ["category 'traffic_light' twice"]),
        (lambda c: c["categories"].append({"id": 90, "name": "brush"}), ["category 90 twice"]),
        (lambda c: c["categories"].append({"id": 5, "name": "cat,dog"}), ["category 5", "','"]),
        (lambda c: c["categories"].append({"id": 5, "name": ""}), ["category 5", "empty"]),
        (lambda c: c["images"].append(dict(c["images"][0], id=9)), ["picture '000000000001' twice"]),
        (lambda c: c["images"].append(dict(c["images"][0], file_name="z.jpg")), ["image 1 twice"]),
        (lambda c: c["categories"].clear(), ["0 categories"]),
        (on_annotation(0, iscrowd="1"), ["iscrowd '1' in annotation 0"]),
        (on_annotation(0, image_id=55), ["image 55"]),
        (on_image(0, height=None), ["width and height"]),
        (on_image(0, file_name=".jpg"), ["no name of a file"]),
        (on_image(0, width=31), ["31×20 px, but as it is shown it is 30×20"]),
        (on_image(0, file_name="000000000004.jpg"), ["instances_val2017.json share 1 pictures (first: 000000000004)"]),
        (lambda c: c.pop("categories"), ["no file of COCO instances"]),
        (lambda c: c.update(images="none"), ["no file of COCO instances"]),
        (on_image(0, file_name=7), ["no file of COCO instances"]),
    ],
)
def test_what_would_be_lost_or_mistaken_is_refused(coco, change, words):
    edit(coco, change)
    refuse(coco, *words)


def test_painted_objects_that_are_called_crowds(coco):
    """CVAT: objects that were painted have iscrowd 1."""
    log = io.StringIO()
    edit(coco, on_annotation(4, iscrowd=1))
    prepared(coco, log)
    assert "train: 2 annotations are crowds (iscrowd 1) and give no label" in log.getvalue()
    assert "000000000002" not in (coco / "form/labels.csv").read_text()
    prepare_pictures(coco / "annotations", coco, coco / "o", year=2017, progress=quiet(), crowds="objects")
    assert "000000000002,train,toothbrush" in (coco / "o/labels.csv").read_text()
    assert (read_label(masks(coco, crowds="objects") / "000000000002.png") == 3).sum() == 36
    assert 255 not in read_label(coco / "masks/000000000001.png")


def test_nothing_but_crowds(coco):
    edit(coco, on_annotation(0, iscrowd=1), "val")
    refuse(coco, "instances_val2017.json", "1 of 1 annotations are crowds", "dataset.coco.crowds")


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([], ["empty"]),
        (None, ["neither polygons nor run lengths"]),
        ([[5, 5, 9, 9]], ["empty"]),
        ([5, 5, 9, 5, 9, 9], ["neither polygons nor run lengths"]),
        ([[5, 5, 9, 5, 9]], ["coordinates"]),
        ([[5, 5, 9, 5, 9, None]], ["coordinates"]),
        ([[5, 5, 9, 5, 9, 1e30]], ["coordinates"]),
        ({"counts": [590, 10], "size": [30, 20]}, ["size [30, 20], not [20, 30]"]),
        ({"counts": [580, 10], "size": [20, 30]}, ["590 pixels, and the picture has 600"]),
        ({"counts": [610, -10], "size": [20, 30]}, ["no list of counts"]),
        ({"counts": "014000000", "size": [20, 30]}, ["pixels, and the picture has 600"]),
        ({"counts": "o", "size": [20, 30]}, ["end within a number"]),
        ({"counts": "é", "size": [20, 30]}, ["strange character"]),
        ({"size": [20, 30]}, ["no list of counts"]),
    ],
)
def test_shapes_that_cannot_be_drawn(coco, shape, words):
    edit(coco, on_annotation(4, segmentation=shape))
    refuse(coco, "image 000000000002", "annotation 4", *words, act=masks)
    prepared(coco)  # image-level labels need no shape


def test_a_line_beside_a_polygon_covers_nothing(coco):
    expected = read_label(masks(coco) / "000000000002.png")
    edit(coco, on_annotation(4, segmentation=[*square(5, 5, 6), [0, 0, 20, 15]]))
    np.testing.assert_array_equal(read_label(masks(coco) / "000000000002.png"), expected)


def test_packed_and_unpacked_runs_are_the_same_pixels(coco):
    runs_of = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for density in (0, 0.02, 0.5, 0.98, 1):
        mask = (rng.random((20, 30)) < density).astype(np.uint8)
        packed = runs_of.encode(np.asfortranarray(mask))["counts"]
        for shape in (runs(mask), {"counts": packed.decode(), "size": [20, 30]}, {"counts": packed, "size": [20, 30]}):
            np.testing.assert_array_equal(drawn(shape, 20, 30), mask > 0)


def test_objects_without_an_area(coco):
    """The smaller lies in front all the same."""
    expected = read_label(masks(coco) / "000000000001.png")
    edit(coco, lambda c: [a.pop("area") for a in c["annotations"]])
    np.testing.assert_array_equal(read_label(masks(coco) / "000000000001.png"), expected)
    edit(coco, lambda c: c["annotations"][0].update(area=0))  # the larger one: nobody has measured it
    np.testing.assert_array_equal(read_label(masks(coco) / "000000000001.png"), expected)


@pytest.mark.parametrize(
    ("on_disk", "listed", "image"),
    [
        ("my cat 1.jpg", "my cat 1.jpg", "my cat 1"),
        ("images/upload/1/a.jpg", "images/upload/1/a.jpg", "a"),
        ("images/1/a.JPG", "images\\1\\a.JPG", "a"),
        ("frame.000017.png", "frame.000017.png", "frame.000017"),
        (unicodedata.normalize("NFD", "café.jpg"), "café.jpg", "café"),
        ("café.jpg", unicodedata.normalize("NFD", "café.jpg"), "café"),
    ],
)
def test_names_of_pictures_are_read_as_they_are(coco, on_disk, listed, image):
    target = coco / "train2017" / on_disk
    target.parent.mkdir(parents=True, exist_ok=True)
    (coco / "train2017/000000000001.jpg").rename(target)
    edit(coco, on_image(0, file_name=listed))
    form = prepared(coco)
    check_images(form, coco / "images.csv", ["train", "val"])
    assert read_images(coco / "images.csv", form / "classes.txt", "train")[0].image_id == image
    from wsss.coco.masks import prepare_masks
    from wsss.given_lists import read_ids

    lists = {s: read_ids(form / f"ImageSets/Segmentation/{s}.txt") for s in ("train", "val")}
    prepare_masks(coco / "annotations", form / "SegmentationClass", lists, year=2017, progress=quiet())
    check_masks(form, coco / "masks.csv", ["train", "val"])
    assert (form / f"SegmentationClass/{image}.png").is_file()


def test_an_export_saved_with_a_byte_order_mark(coco):
    file = coco / "annotations" / "instances_train2017.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    prepared(coco)
