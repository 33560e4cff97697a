"""Data sets: one on-disk form, a folder in VOC layout, which ``wsss.data_checks`` has checked once; here it is read."""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from wsss.picture_bound import check_pixels, stored_size

cv2.setNumThreads(0)  # the stages work on many pictures at once; OpenCV's own threads would only contend

MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # in a JPEG's compressed data: 0xff is stuffed, restarts do not count
SCAN, END = b"\xda", b"\xd9"
JPEG, PNG, BMP, RIFF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF"  # how files begin; WebP is in RIFF
OTHERS = {  # what may have the name of a picture; bytes 0..3 or 4..7
    b"ftyp": "HEIC or AVIF whatever its name says, as phones save pictures: save it as JPEG",
    b"II*\0": "TIFF whatever its name says: save it as JPEG or PNG",
    b"MM\0*": "TIFF whatever its name says: save it as JPEG or PNG",
    b"GIF8": "a GIF whatever its name says: save it as JPEG or PNG",
    b"vers": "what Git LFS keeps in place of a picture: `git lfs pull` brings it",
}
ORIENTATION = 0x0112  # EXIF's tag


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


# --- pictures -----------------------------------------------------------------------------------------------------


def read_picture(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright as EXIF asks.

    Raises ``DataError`` if the picture is damaged, or says more than 8-bit RGB: 16 bit, transparency.
    """
    with open(path, "rb") as stream:
        return decode_picture(path, stream.read())


def decode_picture(path: Path, data: bytes) -> np.ndarray:
    """What ``read_picture`` makes of the file ``path``, whose content is ``data``."""
    # OpenCV may fill the rest of a truncated JPEG with grey and say nothing; the end marker tells.
    if data.startswith(JPEG) and not _has_its_end(data):
        raise DataError(f"{path} is truncated (no end of image): copy the picture again")
    check_pixels(path, stored_size(data))
    if _may_say_more(data):
        _refuse_more(path, _decode(path, data, cv2.IMREAD_UNCHANGED))
    picture = _decode(path, data, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    return turned(picture, orientation(data))


def _decode(path: Path, data: bytes, flags: int) -> np.ndarray:
    known = data.startswith((JPEG, PNG, BMP, RIFF))
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if known else None
    except cv2.error as error:
        raise DataError(f"{path} cannot be decoded ({error.err}): make the picture smaller or replace it") from error
    if picture is None:
        if what := next((what for begin, what in OTHERS.items() if data[:4] == begin or data[4:8] == begin), None):
            raise DataError(f"{path} is {what}")
        raise DataError(f"{path} cannot be decoded as a picture (JPEG or PNG): copy it again or replace it")
    return picture


def _may_say_more(data: bytes) -> bool:
    """Whether a picture can hold more than 8-bit RGB, by its kind; a PNG by its header and what precedes its pixels."""
    if data.startswith(PNG):
        bits, colours = data[24:26].ljust(2, b"\0")
        return bits == 16 or colours in (4, 6) or b"tRNS" in data[: data.find(b"IDAT")]
    return not data.startswith(JPEG)


def _refuse_more(path: Path, stored: np.ndarray) -> None:
    if stored.dtype != np.uint8:
        raise DataError(f"{path} has more than 8 bits per colour: save the picture with 8 bits, scaled as it is meant")
    if stored.ndim == 3 and stored.shape[2] == 4 and stored[..., 3].min() < 255:
        raise DataError(f"{path} has transparent pixels: put the picture on the background it is meant to have")


def orientation(data: bytes) -> int:
    """How EXIF (1..8; 1: not at all) turns the picture whose file is ``data``."""
    if not _may_have_exif(data):
        return 1
    try:
        with Image.open(io.BytesIO(data)) as image:
            value = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError):
        return 1
    return value if value in range(1, 9) else 1


def _may_have_exif(data: bytes) -> bool:
    """Before Pillow is asked, which takes its time: most pictures have none."""
    if data.startswith(JPEG):  # phones write megabytes before the first scan; a profile there can hold any bytes
        scan = next((at for at in _markers(data) if data[at + 1 : at + 2] == SCAN), len(data))
        return data.find(b"Exif\0\0", 0, scan) >= 0
    if data.startswith(PNG):
        return any(tag in data for tag in (b"eXIf", b"Raw profile type"))
    return data.startswith(RIFF)


def turned(picture: np.ndarray, orientation: int) -> np.ndarray:
    """A stored picture, (H, W, …), as EXIF's ``orientation`` shows it; the quarter turns, 5..8, swap H and W."""
    if orientation == 1:
        return picture
    if orientation >= 5:
        picture = np.swapaxes(picture, 0, 1)
    vertical, horizontal = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(picture[:: -1 if vertical else 1, :: -1 if horizontal else 1])


def _has_its_end(jpeg: bytes) -> bool:
    """Whether the picture's own end marker is there: thumbnails before it, and what a camera appends, have others."""
    return any(jpeg[at + 1 : at + 2] == END for at in _markers(jpeg))


def _markers(jpeg: bytes) -> Iterator[int]:
    """Where the picture's own markers lie, up to its end: segments and compressed data are leapt over."""
    at = 2
    while jpeg[at : at + 1] == b"\xff":
        if jpeg[at + 1 : at + 2] == b"\xff":  # a filler
            at += 1
            continue
        yield at
        kind = jpeg[at + 1 : at + 2]
        if kind == END:
            return
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if kind == SCAN:  # its compressed data go on to the next marker
            found = MARKER.search(jpeg, at)
            at = found.start() if found else len(jpeg)


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


def check_size(path: Path, array: np.ndarray, size: tuple[int, int]) -> None:
    """Raises ``DataError`` unless the (H, W) array that was read from ``path`` has its picture's ``size``."""
    if array.shape != size:
        (h, w), (height, width) = array.shape[:2], size
        raise DataError(f"{path} is {w}×{h} px but its picture is {width}×{height}: make both the same size")


# --- checked lists ------------------------------------------------------------------------------------------------


def read_classes(path: Path) -> list[str]:
    """Class names, background first, from the list that ``check_images`` has written."""
    return Path(path).read_text(encoding="utf-8").split()


def read_images(images: Path, classes: Path, split: str, saliency: Path | None = None) -> list[Picture]:
    """The pictures of one split, in the order of ``images.csv`` (written by ``check_images``).

    ``saliency``: the list of their saliency maps (written by ``check_saliency``), for stages that need them.
    """
    index = {name: i for i, name in enumerate(read_classes(classes))}
    maps = _listed(saliency, "saliency") if saliency else {}
    with open(images, newline="", encoding="utf-8") as stream:
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
    """Image id → ground-truth mask, from a list that ``check_masks`` wrote."""
    return _listed(masks, "mask")


def _listed(path: Path, column: str) -> dict[str, Path]:
    with open(path, newline="", encoding="utf-8") as stream:
        return {row["image_id"]: Path(row[column]) for row in csv.DictReader(stream)}
