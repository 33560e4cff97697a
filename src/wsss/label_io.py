"""Labels and grey maps on disk: PNG files whose pixel values are the data."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

# zlib's run-length strategy: labels are large flat areas, which it packs nearly as well as a search and far faster.
_RUN_LENGTH = 3


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
    return _read(path, kinds=("P", "L"), wanted="a label must be a palette or 8-bit grey PNG")


def read_gray(path: str | Path) -> np.ndarray:
    """Return an 8-bit grey image, for example a saliency map, as (H, W) uint8; colours are converted to luma.

    Raises FileNotFoundError if there is no file, and ValueError if it is damaged or has more than 8 bits per channel.
    """
    return _read(path, kinds=("L", "P", "RGB", "RGBA", "LA", "1"), wanted="a grey map must have 8 bits", convert="L")


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


def _read(path: str | Path, *, kinds: tuple[str, ...], wanted: str, convert: str | None = None) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.mode not in kinds:
                raise ValueError(f'{path}: the image has mode "{image.mode}"; {wanted}')
            return np.array(image if convert in (None, image.mode) else image.convert(convert))
    except (FileNotFoundError, PermissionError):  # nothing is wrong with the image
        raise
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path}: the image cannot be read ({error}); replace the file") from error
