"""The maps of one picture as a file: its classes' 8-bit maps at their own resolution, stacked top to bottom."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from wsss.artifacts import ArtifactError, written_aside
from wsss.label_io import read_gray


def write_maps(path: Path, maps: np.ndarray) -> None:
    """Writes (K, h, w) uint8 maps, in ascending order of the picture's classes, as one grey PNG of K·h × w px."""
    ok, data = cv2.imencode(".png", maps.reshape(-1, maps.shape[-1]))
    if not ok:
        raise ArtifactError(f"{path}: the maps could not be encoded")
    with written_aside(Path(path)) as aside:
        aside.write_bytes(data.tobytes())


def read_maps(path: Path, classes: Sequence[int]) -> dict[int, np.ndarray]:
    """Class index → (h, w) uint8 map.  Raises ``ArtifactError`` if the file does not hold one map per class."""
    stacked = read_gray(path)
    if stacked.shape[0] % len(classes):
        raise ArtifactError(
            f"{path} is {stacked.shape[0]} px high, not a multiple of its image's {len(classes)} classes: delete its "
            "folder's manifest and run the target again"
        )
    return dict(zip(classes, np.split(stacked, len(classes)), strict=True))
