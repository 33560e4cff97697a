"""Labels and grey maps on disk: PNG files whose pixel values are the data."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from wsss.picture_bound import TooLargeError, check_pixels

# zlib's run-length strategy: labels are large flat areas, which it packs nearly as well as a search and far faster.
_RUN_LENGTH = 3
_ORIENTATION = 0x0112  # EXIF's tag


def _voc_palette() -> np.ndarray:
    """Return the colour map of PASCAL VOC, (256, 3) uint8: the bits of an index are dealt out to R, G, B in turn."""
    index = np.arange(256)
    palette = np.zeros((256, 3), dtype=np.uint8)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= ((index >> (3 * bit + channel) & 1) << (7 - bit)).astype(np.uint8)
    return palette


VOC_PALETTE = _voc_palette()
_PALETTE_BYTES = VOC_PALETTE.tobytes()


def read_label(path: str | Path) -> np.ndarray:
    """Return the pixel values of a palette or 8-bit grey PNG as (H, W) uint8.

    Raises FileNotFoundError if there is no file, and ValueError if it is damaged or of another kind.
    """
    return read_label_and_palette(path)[0]


def read_label_and_palette(path: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a label as `read_label` does, and the colours of its palette, (N, 3) uint8; None if it is grey."""
    image, stored = loaded(path)
    if image.format != "PNG":
        raise ValueError(f"{path} is a {image.format}, whose values need not be those that were drawn: save a PNG")
    # Pillow scales grey of 2 and 4 bits to 0..255.
    if image.mode not in ("P", "L") or (image.mode == "L" and stored != "L"):
        raise ValueError(f'{path}: the image has mode "{stored}"; a label must be a palette or 8-bit grey PNG')
    _refuse_turned(path, image)
    label = np.array(image)
    return label, np.frombuffer(image.palette.palette, np.uint8).reshape(-1, 3) if image.mode == "P" else None


def read_where(path: str | Path) -> np.ndarray:
    """Return where a PNG of one channel, of any bits, is not 0, as (H, W) bool; of a palette, where its index is not.

    Raises FileNotFoundError if there is no file, and ValueError if it is damaged or of another kind.
    """
    image, stored = loaded(path)
    if image.format != "PNG" or image.mode not in ("1", "L", "P", "I", "I;16"):
        raise ValueError(
            f'{path} is a {image.format} of mode "{stored}"; what is not 0 must be drawn in a PNG of black and white, '
            "grey, or with a palette"
        )
    _refuse_turned(path, image)
    return np.array(image) != 0


def read_gray(path: str | Path) -> np.ndarray:
    """Return an 8-bit grey image, for example a saliency map, as (H, W) uint8; it may be stored in grey colours.

    Raises FileNotFoundError if there is no file, and ValueError if it is damaged, has more than 8 bits per channel,
    colours, transparent pixels, or is turned by EXIF.
    """
    image, stored = loaded(path)
    if image.mode not in ("L", "P", "RGB", "RGBA", "LA", "1") or "16" in stored:
        raise ValueError(f'{path}: the image has mode "{stored}"; a grey map must have 8 bits')
    _refuse_turned(path, image)
    if image.mode == "L" and "transparency" not in image.info:
        return np.array(image)
    colours = np.array(image.convert("RGBA"))
    if (colours[..., :3] != colours[..., :1]).any():
        raise ValueError(
            f"{path} is in colours; a grey map must hold the values themselves, so save it without a colour map"
        )
    if (colours[..., 3] != 255).any():
        raise ValueError(f"{path} has transparent pixels; a grey map must have a value everywhere")
    return np.ascontiguousarray(colours[..., 0])


def _refuse_turned(path: str | Path, image: Image.Image) -> None:
    if image.info.get("exif") and image.getexif().get(_ORIENTATION, 1) != 1:
        raise ValueError(f"{path} has an EXIF orientation, which masks and maps must not have: save it as it is meant")


def write_label(path: str | Path, label: np.ndarray) -> None:
    """Write a label, (H, W) uint8, as palette PNG with VOC's colours; the file appears complete or not at all.

    Raises ValueError if the label is not (H, W) uint8.
    """
    if label.dtype != np.uint8 or label.ndim != 2:
        raise ValueError(f"{path}: the label is {label.dtype} of shape {label.shape}; it must be uint8 of shape (H, W)")
    image = Image.fromarray(label)
    image.putpalette(_PALETTE_BYTES)
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        image.save(temporary, format="PNG", compress_level=1, compress_type=_RUN_LENGTH)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def loaded(path: str | Path) -> tuple[Image.Image, str]:
    """An image, and how its pixels are stored, for example "L;4" for grey of 4 bits.

    Whatever is wrong with the file becomes one ValueError: Pillow raises several kinds.
    """
    try:
        with Image.open(path) as image:
            stored = str(image.tile[0][3] if image.format == "PNG" and image.tile else image.mode)
            check_pixels(path, image.size)
            image.load()
            return image, stored
    except (FileNotFoundError, PermissionError, TooLargeError):  # nothing is wrong with the image
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: the image cannot be read ({error}); replace the file") from error
