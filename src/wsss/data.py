"""Data sets: one on-disk form, a folder in VOC layout, checked once before anything is computed from it."""

import csv
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from wsss.artifacts import written_aside
from wsss.label_io import read_gray, read_label

cv2.setNumThreads(0)  # the stages work on many pictures at once; OpenCV's own threads would only contend

MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # in a JPEG's compressed data: 0xff is stuffed, restarts do not count


class DataError(ValueError):
    """A mistake in a data set, in one sentence."""


@dataclass(frozen=True)
class Picture:
    """One row of ``images.csv``.  ``classes`` holds class indices from 1, ascending; 0 is background.

    ``saliency``: its saliency map, if the list of maps was read as well.
    """

    image_id: str
    split: str
    width: int
    height: int
    classes: tuple[int, ...]
    path: Path
    saliency: Path | None

    @property
    def kind(self) -> str:
        """ "simple" with one class, "complex" with more: the paper's distinction."""
        return "simple" if len(self.classes) == 1 else "complex"


def read_picture(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB, as stored.  Raises ``DataError`` if damaged."""
    with open(path, "rb") as stream:
        data = stream.read()
    # OpenCV may fill the rest of a truncated JPEG with grey and say nothing; the end marker tells.
    if data.startswith(b"\xff\xd8") and not _has_its_end(data):
        raise DataError(f"{path} is truncated (no end of image): copy the picture again")
    # Masks and saliency maps lie over the stored pixels; EXIF may ask to turn them.
    as_stored = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), as_stored) if data else None
    if picture is None:
        raise DataError(f"{path} cannot be decoded as a picture: copy it again or replace it")
    return picture


def _has_its_end(jpeg: bytes) -> bool:
    """Whether the picture's own end marker is there: thumbnails before it, and what a camera appends, have others."""
    at = 2
    while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1 : at + 2] != b"\xd9":
        if jpeg[at + 1 : at + 2] == b"\xff":  # a filler
            at += 1
            continue
        scan = jpeg[at + 1 : at + 2] == b"\xda"
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if scan:  # its compressed data go on to the next marker
            found = MARKER.search(jpeg, at)
            at = found.start() if found else len(jpeg)
    return jpeg[at : at + 2] == b"\xff\xd9"


def squash(picture: np.ndarray, size: int, *, aligned: bool = False) -> np.ndarray:
    """The picture as a ``size`` × ``size`` square, see ``resized``."""
    return resized(picture, (size, size), aligned=aligned)


def resized(picture: np.ndarray, size: tuple[int, int], *, aligned: bool = False) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 at ``size``, (height, width): averaged where it shrinks, so that nothing aliases.

    The new pixels tile the picture; ``aligned``: the centres of its corner pixels stay in the corners, which is where
    networks with ``align_corners`` lay their maps.
    """
    if picture.shape[:2] == size:
        return picture
    if aligned:
        return _corner_to_corner(picture, size)
    shrinks = min(picture.shape[:2]) > min(size)
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _corner_to_corner(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Each new pixel is the mean of n bilinear samples, spread over all of the picture that it stands for."""
    steps = [(old - 1) / max(new - 1, 1) for old, new in zip(picture.shape[:2], size, strict=True)]
    n, m = (max(1, math.ceil(step)) for step in steps)  # down, to the right
    down, right = steps[0] / n, steps[1] / m
    to_source = np.array([[right, 0, right * (1 - m) / 2], [0, down, down * (1 - n) / 2]])
    flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    samples = cv2.warpAffine(picture, to_source, (m * size[1], n * size[0]), flags=flags, borderMode=border)
    return cv2.resize(samples, size[::-1], interpolation=cv2.INTER_AREA)


def read_classes(path: Path) -> list[str]:
    """Class names, background first.  Raises ``DataError`` for an empty or duplicate name."""
    names = Path(path).read_text().split("\n")
    names = [n.strip() for n in names if n.strip()]
    if len(set(names)) != len(names) or len(names) < 2:
        raise DataError(f"{path} must list background and then each class once, a name a line")
    return names


def read_images(images: Path, classes: Path, split: str, saliency: Path | None = None) -> list[Picture]:
    """The pictures of one split, in the order of ``images.csv`` (written by ``check_images``).

    ``saliency``: the list of their saliency maps (written by ``check_saliency``), for stages that need them.
    """
    index = {name: i for i, name in enumerate(read_classes(classes))}
    maps = _listed(saliency, "saliency") if saliency else {}
    with open(images, newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    return [
        Picture(
            row["image_id"],
            row["split"],
            int(row["width"]),
            int(row["height"]),
            tuple(sorted(index[name] for name in row["classes"].split())),
            Path(row["picture"]),
            maps[row["image_id"]] if saliency else None,
        )
        for row in rows
    ]


def read_masks(masks: Path) -> dict[str, Path]:
    """Image id → ground-truth mask, from ``masks.csv`` (written by ``check_masks``)."""
    return _listed(masks, "mask")


def _listed(path: Path, column: str) -> dict[str, Path]:
    with open(path, newline="") as stream:
        return {row["image_id"]: Path(row[column]) for row in csv.DictReader(stream)}


COLUMNS = ("image_id", "split", "width", "height", "classes", "kind", "picture", "sha256")


# --- checks -------------------------------------------------------------------------------------------------------


def check_images(folder: Path, images: Path, splits: Iterable[str], progress: Callable = iter) -> None:
    """Checks pictures and image-level labels of a folder in VOC layout; writes ``images``.

    Every picture is decoded, so a truncated one is found here.  Reads no mask.  Raises ``DataError`` naming the file,
    what is wrong with it and what to do.
    """
    classes = read_classes(folder / "classes.txt")
    labels = _image_labels(folder / "labels.csv", classes)
    rows, known = [], {}
    for split in splits:
        ids = split_ids(folder, split)
        if both := [i for i in ids if i in known]:
            raise DataError(
                f"{len(both)} images are in the splits '{known[both[0]]}' and '{split}' (first: {both[0]}): take them "
                f"out of one, or scores would be those of training pictures"
            )
        known |= dict.fromkeys(ids, split)
        missing = [i for i in ids if i not in labels]
        if missing:
            raise DataError(
                f"{folder / 'labels.csv'} gives no class for {len(missing)} images of split '{split}' "
                f"(first: {missing[0]}): add their image-level labels or take them out of the split"
            )
        rows += [(i, split, labels[i]) for i in ids]
    _write_csv(images, COLUMNS, (_image_row(folder, *row) for row in progress(rows)))


def check_saliency(pictures: Sequence[Picture], folder: Path, saliency: Path, progress: Callable = iter) -> None:
    """Checks that ``folder`` has a map ``{id}.png`` of each of a split's pictures, of its size; writes ``saliency``.

    Raises ``DataError`` naming the file, what is wrong with it and what to do.
    """
    absent = [p for p in pictures if not (folder / f"{p.image_id}.png").exists()]
    if absent:
        raise DataError(
            f"{folder} lacks the maps of {len(absent)} images of split '{absent[0].split}' "
            f"(first: {absent[0].image_id}.png): add 8-bit maps from a saliency detector, or take the images out of "
            "it, or have dataset.saliency make them"
        )
    _write_csv(saliency, ("image_id", "saliency", "sha256"), (_saliency_row(folder, p) for p in progress(pictures)))


def check_unlabelled(folder: Path, images: Path, split: str, progress: Callable = iter) -> None:
    """Checks the pictures of a split without labels, such as VOC's test; writes ``images``.

    Its rows have no class: they can be predicted, and nothing that trains or scores is given this file.
    """
    rows = split_ids(folder, split)
    _write_csv(images, COLUMNS, (_image_row(folder, i, split, "") for i in progress(rows)))


def check_masks(folder: Path, masks: Path, splits: Iterable[str], progress: Callable = iter) -> None:
    """Checks the ground-truth masks of the splits against pictures and classes; writes ``masks``."""
    num_classes = len(read_classes(folder / "classes.txt"))
    ids = [i for split in splits for i in split_ids(folder, split)]
    _write_csv(masks, ("image_id", "mask", "sha256"), (_mask_row(folder, i, num_classes) for i in progress(ids)))


def split_ids(folder: Path, split: str) -> list[str]:
    """The image ids of a split.  Raises ``DataError`` if its list is missing or empty."""
    path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
    if not path.exists():
        raise DataError(f"{path} is missing: list the image ids of split '{split}' there, one a line")
    ids = path.read_text().split()
    if not ids:
        raise DataError(f"{path} lists no image: split '{split}' is empty")
    strange = [i for i in ids if i != Path(i).name or i.startswith(".") or not i.isprintable()]
    if strange:
        raise DataError(f"{path} holds {strange[0]!r}, which is no image id: list names of pictures without a folder")
    if len(set(ids)) != len(ids):
        raise DataError(f"{path} lists an image twice: list each once")
    return ids


def _image_labels(path: Path, classes: list[str]) -> dict[str, str]:
    if not path.exists():
        raise DataError(f"{path} is missing: give a row 'image_id,split,classes' for every image")
    with open(path, newline="") as stream:
        reader = csv.DictReader(stream)
        if not {"image_id", "classes"} <= set(reader.fieldnames or ()):
            raise DataError(f"{path} has no columns 'image_id' and 'classes': write them in its first line")
        labels = {row["image_id"]: " ".join(dict.fromkeys(row["classes"].split())) for row in reader}
    for image_id, names in labels.items():
        unknown = [n for n in names.split() if n not in classes[1:]]
        if unknown:
            raise DataError(
                f"{path} labels {image_id} as '{unknown[0]}', which is not a class in {path.parent / 'classes.txt'}: "
                "correct the label or add the class"
            )
    return {i: names for i, names in labels.items() if names.split()}


def _image_row(folder: Path, image_id: str, split: str, classes: str) -> tuple:
    path = folder / "JPEGImages" / f"{image_id}.jpg"
    if not path.exists():
        raise DataError(
            f"{path} is missing though split '{split}' lists it: add the picture or take it out of the split"
        )
    data = path.read_bytes()
    height, width = read_picture(path).shape[:2]
    kind = {0: "", 1: "simple"}.get(len(classes.split()), "complex")
    return image_id, split, width, height, classes, kind, path, sha256(data).hexdigest()


def _saliency_row(folder: Path, picture: Picture) -> tuple:
    path = folder / f"{picture.image_id}.png"
    check_size(path, read_gray(path), (picture.height, picture.width))
    return picture.image_id, path, sha256(path.read_bytes()).hexdigest()


def _mask_row(folder: Path, image_id: str, num_classes: int) -> tuple:
    path = folder / "SegmentationClass" / f"{image_id}.png"
    if not path.exists():
        raise DataError(f"{path} is missing: evaluation needs the mask of every image of its splits")
    mask = read_label(path)
    check_size(path, mask, read_picture(folder / "JPEGImages" / f"{image_id}.jpg").shape[:2])
    values = np.unique(mask)
    if ((values >= num_classes) & (values != 255)).any():
        bad = values[(values >= num_classes) & (values != 255)][0]
        raise DataError(
            f"{path} has the value {bad}, but there are {num_classes} classes: indices 0..{num_classes - 1} or 255"
        )
    return image_id, path, sha256(path.read_bytes()).hexdigest()


def check_size(path: Path, array: np.ndarray, size: tuple[int, int]) -> None:
    """Raises ``DataError`` unless the (H, W) array that was read from ``path`` has its picture's ``size``."""
    if array.shape != size:
        (h, w), (height, width) = array.shape[:2], size
        raise DataError(f"{path} is {w}×{h} px but its picture is {width}×{height}: make both the same size")


def _write_csv(path: Path, header: tuple, rows: Iterable[tuple]) -> None:
    with written_aside(Path(path)) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([header])
        csv.writer(stream).writerows(rows)
