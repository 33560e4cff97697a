"""Data sets: a good folder gives rows, and every mistake is named before anything is computed."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from wsss.data import DataError, read_images, read_masks, read_picture, resized, squash
from wsss.data_checks import check_images, check_masks, check_saliency
from wsss.given_lists import read_class_names
from wsss.label_io import write_label

SIZES = {"a": (20, 16), "b": (17, 17), "c": (16, 24)}  # (width, height)
SHOWN = {"a": (1, 1), "b": (1, 2), "c": (2, 2)}  # classes of two patches of the mask
SPLITS = {"train": ["a", "b"], "val": ["c"]}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "voc"
    for name in ("JPEGImages", "SegmentationClass", "Saliency", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for image_id, (width, height) in SIZES.items():
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(
            root / "JPEGImages" / f"{image_id}.jpg", quality=90
        )
        Image.fromarray(np.full((height, width), 200, np.uint8)).save(root / "Saliency" / f"{image_id}.png")
        mask = np.zeros((height, width), np.uint8)
        mask[4:8, 4:8], mask[9:12, 4:8], mask[0, 0] = *SHOWN[image_id], 255
        write_label(root / "SegmentationClass" / f"{image_id}.png", mask)
    for split, ids in SPLITS.items():
        (root / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("\n".join(ids) + "\n")
    (root / "classes.txt").write_text("background\ncat\ndog\n")
    (root / "labels.csv").write_text("image_id,split,classes\na,train,cat\nb,train,dog cat\nc,val,dog\n")
    return root


def check(folder, splits=("train", "val")) -> list[dict]:
    """Checks pictures, saliency maps and masks; nothing may be left under the final names if that fails."""
    images, saliency, masks = (folder.parent / f"{name}.csv" for name in ("images", "saliency", "masks"))
    check_images(folder, images, splits)
    check_saliency(read_images(images, folder / "classes.txt", "train"), folder / "Saliency", saliency)
    check_masks(folder, masks, ["val", "train"])
    return rows(images)


def rows(file) -> list[dict]:
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


def refused(folder, *words, splits=("train", "val")) -> None:
    before = {p for p in folder.parent.rglob("*")}
    with pytest.raises((DataError, ValueError)) as caught:
        check(folder, splits)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    left = {p.name for p in folder.parent.rglob("*")} - {p.name for p in before}
    assert left <= {"images.csv", "saliency.csv"}  # complete, where the mistake is in a mask


def test_a_good_folder_gives_rows(folder):
    listed = check(folder)
    assert [row["image_id"] for row in listed] == ["a", "b", "c"]
    assert [(int(r["width"]), int(r["height"])) for r in listed] == list(SIZES.values())
    assert [row["kind"] for row in listed] == ["simple", "complex", "simple"]
    assert len({row["sha256"] for row in listed}) == 3
    train = read_images(folder.parent / "images.csv", folder / "classes.txt", "train", folder.parent / "saliency.csv")
    assert [(p.image_id, p.classes, p.kind) for p in train] == [("a", (1,), "simple"), ("b", (1, 2), "complex")]
    assert train[0].path == folder / "JPEGImages" / "a.jpg"
    assert train[0].saliency == folder / "Saliency" / "a.png"
    assert (train[0].width, train[0].height) == (20, 16)
    masks = read_masks(folder.parent / "masks.csv")
    assert masks == {i: folder / "SegmentationClass" / f"{i}.png" for i in "abc"}


def test_a_changed_map_changes_its_own_list_only(folder):
    pictures, maps = check(folder), rows(folder.parent / "saliency.csv")
    Image.fromarray(np.full((16, 20), 9, np.uint8)).save(folder / "Saliency" / "a.png")
    assert check(folder) == pictures
    again = rows(folder.parent / "saliency.csv")
    assert [a["sha256"] == b["sha256"] for a, b in zip(maps, again, strict=True)] == [False, True]


def test_pictures_are_listed_without_any_saliency(folder):
    """Who scores a network has validation pictures and masks; maps serve the labels of training pictures only."""
    (folder / "Saliency" / "c.png").unlink()
    check(folder)
    shutil.rmtree(folder / "Saliency")
    check_images(folder, folder.parent / "images.csv", ["val", "train"])
    assert read_images(folder.parent / "images.csv", folder / "classes.txt", "val")[0].saliency is None


def test_pictures_are_read_in_rgb(tmp_path):
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[..., 0] = 250
    Image.fromarray(picture).save(tmp_path / "red.jpg", quality=95)
    read = read_picture(tmp_path / "red.jpg")
    assert read.shape == (40, 60, 3) and read[..., 0].min() > 240 and read[..., 2].max() < 10


@pytest.mark.parametrize("aligned", [True, False])
def test_what_shrinks_is_averaged(aligned):
    """A pattern finer than the new pixels would alias; a map of grey values has no third axis."""
    stripes = np.tile(np.array([0, 250], np.uint8), (20, 30))
    assert abs(resized(stripes, (10, 15), aligned=aligned)[:, 1:-1].astype(int) - 125).max() <= (8 if aligned else 0)
    assert resized(stripes, (40, 90), aligned=aligned).shape == (40, 90)
    assert resized(stripes, (20, 60), aligned=aligned) is stripes
    assert np.array_equal(squash(stripes, 10, aligned=aligned), resized(stripes, (10, 10), aligned=aligned))
    assert set(resized(np.full((31, 50, 3), 77, np.uint8), (9, 80), aligned=aligned).ravel()) == {77}


@pytest.mark.parametrize("side", [65, 193, 328, 651])
@pytest.mark.parametrize("aligned", [True, False])
def test_a_picture_is_resized_on_the_grid_of_its_labels_and_logits(side, aligned):
    """A steep ramp of grey says where each new pixel on it was taken from: at the border, in the middle."""
    cells = np.arange(side)
    expected = cells * 500 / (side - 1) if aligned else (cells + 0.5) * 501 / side - 0.5
    for start in (0, 3, 222, 450):
        grey = np.clip(5 * (np.arange(501) - start), 0, 250).astype(np.uint8)
        found = start + resized(np.tile(grey, (375, 1)), (375, side), aligned=aligned)[0] / 5
        reach = 501 / side  # beyond it, a mean is of the ramp alone
        on_ramp = (expected > start + reach) & (expected < start + 50 - reach)
        assert on_ramp.sum() >= 4 and np.abs(found - expected)[on_ramp].max() < 0.2


@pytest.mark.parametrize("kept", [0, 0.5, 0.95])
def test_a_truncated_picture(folder, kept):
    path = folder / "JPEGImages" / "b.jpg"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    refused(folder, str(path), "again")


def test_a_truncated_picture_with_a_thumbnail(folder):
    """The end marker of an embedded thumbnail is not that of the picture."""
    path = folder / "JPEGImages" / "b.jpg"
    data = path.read_bytes()
    comment = b"\xff\xfe\x00\x04\xff\xd9"
    path.write_bytes(data[:2] + comment + data[2:])
    check(folder)
    path.write_bytes(data[:2] + comment + data[2 : len(data) * 9 // 10])
    refused(folder, str(path), "truncated")


def test_what_a_camera_appends_to_a_picture(folder):
    path = folder / "JPEGImages" / "b.jpg"
    data = path.read_bytes()
    before = read_picture(path)
    path.write_bytes(data + bytes(1000))
    check(folder)
    assert np.array_equal(read_picture(path), before)
    path.write_bytes(data[:2] + b"\xff\xff" + data[2:-2] + b"\xff\xff" + data[-2:])  # fillers before markers
    assert np.array_equal(read_picture(path), before)
    path.write_bytes(data[: len(data) * 3 // 4] + bytes(1000))
    refused(folder, str(path), "truncated")


def test_a_picture_in_both_splits(folder):
    (folder / "ImageSets/Segmentation/val.txt").write_text("c\na\n")
    refused(folder, "in the splits 'train' and 'val'", "first: a")


def test_a_file_that_is_no_picture(folder):
    path = folder / "JPEGImages" / "a.jpg"
    path.write_bytes(b"no picture\xff\xd9")
    refused(folder, str(path), "decoded")


def test_a_missing_picture(folder):
    (folder / "JPEGImages" / "b.jpg").unlink()
    refused(folder, "b.jpg", "missing", "train")


def test_a_mask_of_another_size(folder):
    path = folder / "SegmentationClass" / "c.png"
    write_label(path, np.zeros((16, 16), np.uint8))
    refused(folder, str(path), "16×16", "16×24")


def test_a_mask_with_a_value_out_of_range(folder):
    path = folder / "SegmentationClass" / "c.png"
    mask = np.zeros((24, 16), np.uint8)
    mask[3, 3] = 3
    write_label(path, mask)
    refused(folder, str(path), "value 3", "0..2")


def test_a_missing_mask(folder):
    (folder / "SegmentationClass" / "b.png").unlink()
    refused(folder, "b.png", "missing")


def test_a_truncated_mask(folder):
    path = folder / "SegmentationClass" / "b.png"
    path.write_bytes(path.read_bytes()[:60])
    refused(folder, str(path))


def test_saliency_of_another_size(folder):
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(folder / "Saliency" / "b.png")
    refused(folder, "Saliency", "b.png", "6×5", "17×17")


def test_missing_saliency_is_counted_and_the_first_named(folder):
    for name in "ab":
        (folder / "Saliency" / f"{name}.png").unlink()
    refused(folder, "Saliency", "2 images", "'train'", "a.png", "add")


def test_a_label_that_is_no_class(folder):
    (folder / "labels.csv").write_text("image_id,split,classes\na,train,cat\nb,train,dog hamster\nc,val,dog\n")
    refused(folder, "labels.csv", "b", "'hamster'", "classes.txt")


def test_background_is_no_label(folder):
    (folder / "labels.csv").write_text("image_id,split,classes\na,train,background\nb,train,dog\nc,val,dog\n")
    refused(folder, "labels.csv", "'background'")


@pytest.mark.parametrize("row", ["", "b,train,\n"])
def test_an_image_without_label(folder, row):
    (folder / "labels.csv").write_text(f"image_id,split,classes\na,train,cat\n{row}c,val,dog\n")
    refused(folder, "labels.csv", "1 images", "'train'", "first: b")


def test_no_labels_at_all(folder):
    (folder / "labels.csv").unlink()
    refused(folder, "labels.csv", "missing")


def test_an_empty_split(folder):
    (folder / "ImageSets" / "Segmentation" / "train.txt").write_text("\n")
    refused(folder, "train.txt", "empty")


def test_a_split_without_list(folder):
    refused(folder, "test.txt", "missing", splits=["test"])


def test_a_duplicate_in_a_split(folder):
    (folder / "ImageSets" / "Segmentation" / "train.txt").write_text("a\nb\na\n")
    refused(folder, "train.txt", "twice")


@pytest.mark.parametrize("text", ["background\ncat\ncat\n", "background\n", ""])
def test_bad_class_lists(tmp_path, text):
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(DataError, match=r"classes\.txt"):
        read_class_names(tmp_path / "classes.txt")


def test_checking_pictures_reads_no_mask(folder):
    shutil.rmtree(folder / "SegmentationClass")
    check_images(folder, folder.parent / "images.csv", ["train"])
