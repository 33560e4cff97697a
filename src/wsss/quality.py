"""How good the labels of each stage are: evaluation only, on training pictures with known masks."""

import csv
from pathlib import Path

import numpy as np

from wsss.artifacts import written_aside
from wsss.class_maps import normalise, resize_attention
from wsss.data import Picture, check_size
from wsss.label_io import read_label
from wsss.map_io import read_maps
from wsss.metrics import label_confusion, label_quality

CAM_BACKGROUND = 0.3  # the method's own T_bg: maps are thresholded there, not where the ground truth would like it


def map_label(picture: Picture, maps: Path, *, aligned: bool) -> np.ndarray:
    """The label that the maps alone give: the strongest class, background where none exceeds ``CAM_BACKGROUND``."""
    size = (picture.height, picture.width)
    small = read_maps(maps / f"{picture.image_id}.png", picture.classes)
    full = [normalise(resize_attention(m, size, aligned=aligned)) for m in small.values()]
    scores = np.stack([np.full(size, CAM_BACKGROUND), *full])
    return np.array([0, *picture.classes], np.uint8)[scores.argmax(0)]


def stage_label(picture: Picture, folder: Path, *, aligned: bool) -> np.ndarray:
    """The label in ``folder`` of a picture, (H, W) uint8; where it is called "maps", the one that they alone give.

    Raises ``DataError`` if the label has another size than its picture.
    """
    if folder.name == "maps":
        return map_label(picture, folder, aligned=aligned)
    file = folder / f"{picture.image_id}.png"
    label = read_label(file)
    check_size(file, label, (picture.height, picture.width))
    return label


def stage_quality(
    pictures: list[Picture],
    masks: dict[str, Path],
    stages: dict[str, Path],
    num_classes: int,
    output: Path,
    progress,
    *,
    aligned: bool,
) -> None:
    """Writes one row per stage; ``stages``: name → folder, see ``stage_label``."""
    rows = []
    for name, folder in stages.items():
        total = np.zeros((num_classes, num_classes + 1), np.int64)
        for picture in progress(pictures, len(pictures)):
            label = stage_label(picture, folder, aligned=aligned)
            total += label_confusion(label, read_label(masks[picture.image_id]), num_classes)
        q = label_quality(total)
        rows.append(
            (name, len(pictures), q.miou, q.miou_ignored_wrong, q.precision, q.recall, q.coverage, q.missed_foreground)
        )
    header = ("stage", "images", "miou", "miou_255_as_error", "precision", "recall", "coverage", "missed_foreground")
    with written_aside(output) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
