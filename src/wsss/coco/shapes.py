"""The shape of one of COCO's objects as pixels."""

from typing import Any

import numpy as np

CORNERS = 3  # a polygon of fewer covers nothing; pycocotools takes one of two for a box


class ShapeError(ValueError):
    """A shape that cannot be drawn."""


def drawn(shape: Any, height: int, width: int) -> np.ndarray:
    """(height, width) bool of a "segmentation": polygons, or run lengths, packed or not.

    Raises ``ShapeError`` if there is nothing to draw or it is of another form or size.
    """
    if isinstance(shape, dict):
        counts, size = shape.get("counts"), shape.get("size")
        if size != [height, width]:
            raise ShapeError(f"its run lengths are of a picture of size {size}, not {[height, width]}")
        return _from_runs(unpacked(counts) if isinstance(counts, (str, bytes)) else counts, height, width)
    if not isinstance(shape, list) or not all(isinstance(polygon, list) for polygon in shape):
        raise ShapeError("its segmentation is neither polygons nor run lengths")
    for polygon in shape:
        numbers = all(isinstance(v, (int, float)) and np.isfinite(v) and abs(v) < 1e6 for v in polygon)
        if not numbers or len(polygon) % 2:
            raise ShapeError("a polygon of its segmentation is no list of coordinates x, y")
    polygons = [polygon for polygon in shape if len(polygon) >= 2 * CORNERS]
    if not polygons:
        raise ShapeError("its segmentation is empty: a box is no shape")
    from pycocotools import mask as runs

    return runs.decode(runs.merge(runs.frPyObjects(polygons, height, width))) > 0


def _from_runs(counts: Any, height: int, width: int) -> np.ndarray:
    """Lengths of runs of zeros and ones in turn, column by column.

    pycocotools decodes runs that end too early to whatever is in memory.
    """
    if not isinstance(counts, list) or not all(isinstance(c, int) and c >= 0 for c in counts):
        raise ShapeError("its run lengths are no list of counts")
    if sum(counts) != height * width:
        raise ShapeError(f"its run lengths are of {sum(counts)} pixels, and the picture has {height * width}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def unpacked(packed: str | bytes) -> list[int]:
    """COCO's packed run lengths: 5 bits a character from "0", least first; from the fourth on, the change to the last
    but one (pycocotools, ``rleFrString``)."""
    codes = packed.encode() if isinstance(packed, str) else packed
    counts: list[int] = []
    value = shift = 0
    for code in codes:
        code -= 48
        if not 0 <= code < 64:
            raise ShapeError("its packed run lengths hold a strange character")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:  # it goes on
            continue
        if code & 16:  # negative
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ShapeError("its packed run lengths end within a number")
    return counts
