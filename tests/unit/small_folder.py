"""A small good folder in VOC layout, to make bad ones from."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from wsss.data import read_images
from wsss.data_checks import check_images, check_masks, check_saliency
from wsss.label_io import write_label

CLASSES = ("background", "cat", "dog", "cow")
# Image id → split and classes; every object lies in the upper left, so that a turned picture is another one.
CONTENT = {f"t{k}": ("train", shown) for k, shown in enumerate([(1,), (2,), (3,), (1, 2), (1,), (2,), (3,), (2, 3)])}
CONTENT |= {f"v{k}": ("val", shown) for k, shown in enumerate([(1,), (2,), (3,), (1, 3)])}
WIDTH, HEIGHT = 30, 24
COLOURS = {1: (220, 30, 30), 2: (30, 30, 220), 3: (30, 220, 30)}


def write_folder(folder: Path) -> Path:
    for name in ("JPEGImages", "SegmentationClass", "Saliency", "ImageSets/Segmentation"):
        (folder / name).mkdir(parents=True)
    for image_id, (_, shown) in CONTENT.items():
        picture, mask = drawn(shown)
        Image.fromarray(picture).save(folder / f"JPEGImages/{image_id}.jpg", quality=95)
        Image.fromarray(np.where(mask > 0, 255, 0).astype(np.uint8)).save(folder / f"Saliency/{image_id}.png")
        write_label(folder / f"SegmentationClass/{image_id}.png", mask)
    for split in ("train", "val"):
        write_list(folder, split, ids_of(split))
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    write_labels(folder, {i: " ".join(CLASSES[c] for c in shown) for i, (_, shown) in CONTENT.items()})
    return folder


def drawn(shown: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A picture, (H, W, 3), and its mask, (H, W): a square for each class."""
    picture, mask = np.full((HEIGHT, WIDTH, 3), 120, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    for k, c in enumerate(shown):
        place = np.s_[2:10, 2 + 10 * k : 10 + 10 * k]
        picture[place], mask[place] = COLOURS[c], c
    return picture, mask


def ids_of(split: str) -> list[str]:
    return [i for i, (s, _) in CONTENT.items() if s == split]


def write_list(folder: Path, split: str, ids: list[str]) -> None:
    (folder / f"ImageSets/Segmentation/{split}.txt").write_text("".join(f"{i}\n" for i in ids))


def write_labels(folder: Path, labels: dict[str, str]) -> None:
    rows = [f"{i},{CONTENT[i][0]},{names}\n" for i, names in labels.items()]
    (folder / "labels.csv").write_text("image_id,split,classes\n" + "".join(rows))


def rename(folder: Path, old: str, new: str, suffix: str = ".jpg") -> None:
    """Another id for an image, in files and lists."""
    (folder / f"JPEGImages/{old}.jpg").rename(folder / f"JPEGImages/{new}{suffix}")
    for name in ("SegmentationClass", "Saliency"):
        (folder / f"{name}/{old}.png").rename(folder / f"{name}/{new}.png")
    for path in (folder / "labels.csv", *folder.glob("ImageSets/Segmentation/*.txt")):
        path.write_text(path.read_text().replace(f"{old},", f"{new},").replace(f"{old}\n", f"{new}\n"))


def check(folder: Path, **masks) -> dict[str, tuple[str, ...]]:
    """All three checks; image id → classes as the lists have them."""
    images, classes = folder.parent / "images.csv", folder.parent / "classes.txt"
    names = check_images(folder, images, ["val", "train"], background=masks.get("background"))
    classes.write_text("".join(f"{name}\n" for name in names))
    pictures = {split: read_images(images, classes, split) for split in ("train", "val")}
    check_saliency(pictures["train"], folder / "Saliency", folder.parent / "saliency.csv")
    check_masks(folder, folder.parent / "masks.csv", ["train", "val"], **masks)
    return {p.image_id: tuple(names[c] for c in p.classes) for p in pictures["train"] + pictures["val"]}


def raw_png(values: np.ndarray, bits: int, palette: bytes | None = None) -> bytes:
    """A PNG of (H, W) values as no library writes it: of few bits, or with a palette that is too short."""
    height, width = values.shape
    per_byte = 8 // bits
    padded = np.pad(values, ((0, 0), (0, -width % per_byte))).reshape(height, -1, per_byte)
    packed = (padded << np.arange(8 - bits, -1, -bits, dtype=np.uint8)).sum(axis=2).astype(np.uint8)
    header = struct.pack(">IIBBBBB", width, height, bits, 3 if palette else 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
        if data is not None
    )
