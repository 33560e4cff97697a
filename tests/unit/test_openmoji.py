"""The embedded data set: same bytes, exact labels, saliency that misses what it should."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from wsss.openmoji import art, build
from wsss.openmoji.scenes import MINIMUM_SHARE, compose_scene
from wsss.randomness import generator
from wsss.voc.classes import CLASSES

TRAIN, VAL = 40, 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("openmoji") / "data"
    build(path, train=TRAIN, val=VAL)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ids(folder: Path, split: str) -> list[str]:
    return (folder / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()


def test_same_bytes_with_any_number_of_threads(folder, tmp_path):
    build(tmp_path / "again", train=TRAIN, val=VAL, threads=2)
    first, second = contents(folder), contents(tmp_path / "again")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_scene_does_not_depend_on_the_counts_but_on_the_seed(folder, tmp_path):
    build(tmp_path / "few", train=2, val=1)
    build(tmp_path / "other", train=2, val=1, seed=1)
    few, other, all_of_them = contents(tmp_path / "few"), contents(tmp_path / "other"), contents(folder)
    pictures = [name for name in few if name.endswith((".jpg", ".png"))]
    assert len(pictures) == 9
    assert all(few[name] == all_of_them[name] for name in pictures)
    assert all(few[name] != other[name] for name in pictures)


def test_build_replaces_a_former_build_and_leaves_nothing_else(tmp_path):
    build(tmp_path / "data", train=3, val=1, size=65)
    build(tmp_path / "data", train=1, val=1, size=65)
    assert sorted(path.name for path in (tmp_path / "data" / "JPEGImages").iterdir()) == [
        "train_0000.jpg",
        "val_0000.jpg",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_progress_sees_every_scene(tmp_path):
    seen = []

    def progress(jobs):
        for job in jobs:
            seen.append(job)
            yield job

    build(tmp_path / "data", train=3, val=2, size=65, progress=progress)
    assert len(seen) == 5


def test_files(folder):
    train, val = ids(folder, "train"), ids(folder, "val")
    assert (len(train), len(val)) == (TRAIN, VAL)
    assert not set(train) & set(val)
    for name, suffix, mode in (
        ("JPEGImages", "jpg", "RGB"),
        ("SegmentationClass", "png", "P"),
        ("Saliency", "png", "L"),
    ):
        assert {path.name for path in (folder / name).iterdir()} == {f"{image_id}.{suffix}" for image_id in train + val}
        for path in (folder / name).iterdir():
            with Image.open(path) as image:
                assert (image.size, image.mode) == ((161, 161), mode)
    classes = (folder / "classes.txt").read_text().split()
    assert (len(classes), classes[0], classes[-1]) == (21, "background", "tvmonitor")
    license_text = (folder / "LICENSE.txt").read_text()
    assert "CC BY-SA 4.0" in license_text and "Attribution-ShareAlike 4.0 International" in license_text


def test_masks_have_voc_colours(folder):
    with Image.open(folder / "SegmentationClass" / "train_0000.png") as mask:
        palette = np.array(mask.getpalette()).reshape(-1, 3)
    assert palette[[0, 1, 2, 15, 20, 255]].tolist() == [
        [0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128], [0, 64, 128], [224, 224, 192]
    ]  # fmt: skip


def test_labels_are_what_the_masks_show(folder):
    classes = (folder / "classes.txt").read_text().split()
    rows = read_csv(folder / "labels.csv")
    assert [row["image_id"] for row in rows] == ids(folder, "train") + ids(folder, "val")
    for row in rows:
        assert row["image_id"].startswith(row["split"])
        mask = np.asarray(Image.open(folder / "SegmentationClass" / f"{row['image_id']}.png"))
        values, counts = np.unique(mask, return_counts=True)
        assert [classes[value] for value in values if value] == row["classes"].split() != []
        assert counts.min() >= MINIMUM_SHARE * mask.size
        assert values[0] == 0


def test_half_of_the_scenes_are_complex_and_every_class_occurs(folder):
    labels = {row["image_id"]: row["classes"].split() for row in read_csv(folder / "labels.csv")}
    kinds = {row["image_id"]: row["kind"] for row in read_csv(folder / "kinds.csv")}
    for split in ("train", "val"):
        chosen = ids(folder, split)
        assert sum(kinds[image_id] == "complex" for image_id in chosen) == len(chosen) / 2
    for image_id, kind in kinds.items():
        assert (len(labels[image_id]) > 1) == (kind == "complex")
    assert {name for image_id in ids(folder, "train") for name in labels[image_id]} == set(CLASSES[1:])


def test_saliency_shows_the_salient_objects_and_misses_most_others():
    salient, others, background = [], [], []
    for index in range(40):
        scene = compose_scene("complex", 1 + index % 20, "train", 161, generator("test", index))
        shown = scene.saliency > 32
        assert scene.salient.any()
        salient.append(shown[scene.salient].mean())
        others.append(shown[(scene.mask > 0) & ~scene.salient].mean())
        background.append(shown[scene.mask == 0].mean())
    assert np.mean(salient) > 0.85
    assert np.mean(others) < 0.5
    assert np.mean(background) < 0.25


def test_objects_can_be_seen():
    """Objects differ from the pixels around them in colour or in contrast."""
    for index in range(20):
        scene = compose_scene("simple", 1 + index, "val", 161, generator("test", index))
        mask = (scene.mask > 0).astype(np.uint8)
        ring = cv2.dilate(mask, np.ones((15, 15), np.uint8)) > mask
        inside, outside = scene.image[mask > 0].astype(float), scene.image[ring].astype(float)
        colour, contrast = np.abs(inside.mean(0) - outside.mean(0)), np.abs(inside.std(0) - outside.std(0))
        assert np.hypot(colour, contrast).max() > 12


@pytest.mark.parametrize("name", CLASSES[1:])
def test_every_class_has_several_designs(name):
    assert len(art.DESIGNS[name]) >= 1
    for design in art.DESIGNS[name]:
        picture = art.picture(design)
        alpha = picture[..., 3]
        assert picture.dtype == np.float32 and picture.ndim == 3
        assert max(picture.shape[:2]) > art.ART_SIZE / 3 and (alpha > 0.5).mean() > 0.08
        assert (picture[..., :3] <= alpha[..., None] + 1e-6).all()


def test_too_small_a_size_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="size is 33"):
        build(tmp_path / "data", size=33)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_element_of_the_art_is_reported():
    with pytest.raises(ValueError, match="26F5 has no element 'no such thing'"):
        art.compose((art.Piece("26F5", drop=("no such thing",)),))


def test_generator_is_a_function_of_its_key():
    draw = generator("a", 1, 2).random(4)
    assert np.array_equal(draw, generator("a", 1, 2).random(4))
    for key in (("a", 1), ("a", 2, 1), ("a", 12), ("a", "1", 2), ("a\x1fint:1", 2)):
        assert not np.array_equal(draw, generator(*key).random(4))
