"""Object seeds of class activation maps (Figure 1b), from which methods before this one start.  Reads no mask."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsss.data import Picture
from wsss.generic.masks import full_size
from wsss.generic.stages import sweep_pictures
from wsss.progress import Progress

THRESHOLD = 0.2  # of a map's maximum: SEC (Kolesnikov & Lampert, ECCV 2016), which the paper compares with


def seed_label(cams: np.ndarray, classes: Sequence[int], threshold: float = THRESHOLD) -> np.ndarray:
    """(K, H, W) CAMs of a picture's K classes, relative to their maxima → (H, W) uint8: the highest one's class.

    0 where none exceeds ``threshold``: no seed, which does not say background.
    """
    winner = np.array(classes, np.uint8)[cams.argmax(0)]
    return np.where(cams.max(0) > threshold, winner, np.uint8(0))


def cam_seeds(
    pictures: Sequence[Picture], num_classes: int, settings: dict, checkpoint: Path, *, progress: Progress
) -> dict[str, np.ndarray]:
    """Image id → its seeds at the picture's size; ``num_classes`` counts no background."""
    seeds, aligned = {}, settings["cam.align_corners"]
    for batch, _, maps in sweep_pictures(pictures, num_classes, settings, checkpoint, progress=progress, workers=1):
        for picture, own in zip(batch, maps.cpu().numpy(), strict=True):
            cams = full_size(own[[c - 1 for c in picture.classes]], (picture.height, picture.width), aligned=aligned)
            seeds[picture.image_id] = seed_label(cams, picture.classes)
    return seeds
