"""`snakemake check` and inputs as people have them, through real jobs."""

import csv
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import yaml
from checkouts import TINY, Checkout, copy_repository
from PIL import Image, ImageDraw

NAMES = ["IMG (1)", "IMG 2", "Straße 3", "d.4", "e", "f", "g", "h"]


def write_data(folder: Path) -> None:
    """Six training and two validation pictures of cats and dogs, called as phones and people call them."""
    for name in ("JPEGImages", "SegmentationClass", "Saliency", "ImageSets/Segmentation"):
        (folder / name).mkdir(parents=True)
    rng, rows = np.random.default_rng(0), [("image_id", "classes")]
    for k, image_id in enumerate(NAMES):
        picture = Image.fromarray(rng.integers(90, 150, (48, 60, 3), dtype=np.uint8))
        mask = Image.new("L", (60, 48))
        for c in [1, 2] if k % 4 == 3 else [1 + k % 2]:
            box = [4 + 26 * (c - 1), 4, 24 + 26 * (c - 1), 40]
            ImageDraw.Draw(picture).ellipse(box, fill=((200, 40, 40), (40, 40, 200))[c - 1])
            ImageDraw.Draw(mask).ellipse(box, fill=c)
            rows.append((unicodedata.normalize("NFC", image_id), ("cat", "dog")[c - 1]))
        on_disk = unicodedata.normalize("NFD", image_id)
        picture.save(folder / f"JPEGImages/{on_disk}.{('JPG', 'jpeg', 'png', 'jpg')[k % 4]}", quality=95)
        mask.save(folder / f"SegmentationClass/{on_disk}.png")
        Image.fromarray(np.where(np.array(mask) > 0, 255, 0).astype(np.uint8)).save(folder / f"Saliency/{on_disk}.png")
    for split, ids in (("train", NAMES[:6]), ("val", NAMES[6:])):
        (folder / f"ImageSets/Segmentation/{split}.txt").write_text("\ufeff" + "\r\n".join(ids) + "\r\n", "utf-8")
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream).writerows(rows)
    (folder / "classes.txt").write_text("_background_\ncat\ndog\n")


@pytest.fixture
def mine(tmp_path: Path) -> Checkout:
    copy_repository(tmp_path)
    write_data(tmp_path / "data/mine")
    overlay = {"dataset": {"name": "mine", "path": "data/mine"}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(overlay))
    return Checkout(tmp_path).with_config(TINY, "mine.yaml")


def test_a_data_set_is_checked_before_anybody_trains(mine: Checkout):
    said = mine.snakemake("check").stdout
    for line in (
        "pictures  train: 6 (5 simple, 1 complex), 60 × 48 px",
        "            1 cat                4 train       2 val",
        "masks     train: 6",
        "maps      train: 6",
        "warnings  none",
    ):
        assert line in said
    data = mine.folder / "data/mine"
    shutil.rmtree(data / "Saliency")
    for image_id in NAMES[:6]:  # image-level labels and validation masks: the weakly supervised case
        (data / f"SegmentationClass/{unicodedata.normalize('NFD', image_id)}.png").unlink()
    said = mine.snakemake("check").stdout
    assert "masks     train: none\n          val: 2\nmaps      train: none" in said
    Image.new("L", (60, 48)).save(data / "SegmentationClass/g.png")
    run = mine.snakemake("check", check=False)
    assert (
        run.returncode and "differ in 1 of 2 pictures of split 'val' (first: the mask of g shows no class" in run.stdout
    )


@pytest.mark.slow
def test_names_as_people_give_them_go_through_to_a_score(mine: Checkout):
    mine.snakemake("evaluate_baseline")
    for stage, names in (("initial_labels", NAMES[:6]), ("evaluation", NAMES[6:])):
        (file,) = mine.folder.glob(f"results/mine/{stage}/*/seed-0/manifest.csv")
        with open(file, newline="", encoding="utf-8") as stream:
            assert sorted(row["image_id"] for row in csv.DictReader(stream)) == sorted(names)
