"""How large a picture may be: a larger one is refused by name, by its header, before it takes the memory."""

import io
import os
from pathlib import Path

from PIL import Image

VARIABLE = "WSSS_LARGEST_PICTURE"  # pixels; of the environment, so that worker processes have it as well
DEFAULT = 100_000_000
Image.MAX_IMAGE_PIXELS = None  # Pillow's own bound is an exception that names no file
PNG, JPEG, SIZES = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


class TooLargeError(ValueError):
    """A picture, mask or map above the bound, in one sentence."""


def check_pixels(path: str | Path, size: tuple[int, int] | None) -> None:
    """Raises ``TooLargeError`` if a file's ``size``, (width, height), is above the bound; None: it is not known."""
    largest = int(os.environ.get(VARIABLE, DEFAULT))
    if size is not None and size[0] * size[1] > largest:
        raise TooLargeError(
            f"{path} has {size[0]}×{size[1]} px, more than the {largest} that dataset.largest_picture allows: make it "
            "smaller (with its mask and map), or raise that if there is memory for it"
        )


def stored_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of an image file's content as it is stored, read from its header; None if that tells none."""
    if data.startswith(PNG):
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(JPEG):
        return _jpeg_size(data)
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (OSError, SyntaxError, ValueError):
        return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while data[at : at + 1] == b"\xff" and at + 9 <= len(data):
        marker = data[at + 1]
        if marker in SIZES:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        alone = marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8  # a filler, or a marker without a length
        at += (1 if marker == 0xFF else 2) if alone else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
