"""Mask estimation (Eq. 3 and Algorithm 1): which pixels of a picture belong to which of its classes."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from wsss.artifacts import written_aside
from wsss.crf import refine
from wsss.data import Picture, read_picture
from wsss.label_io import read_label
from wsss.resampling import upsample_logits

UNCERTAIN = 255


def full_size(projections: np.ndarray, size: tuple[int, int], *, aligned: bool) -> np.ndarray:
    """(K, h, w) float32 → (K, *size), bilinear; ``aligned`` as in ``upsample_logits``."""
    return upsample_logits(torch.from_numpy(projections)[None], size, align_corners=aligned)[0].numpy()


def decide(projections: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Eq. 3: (K, H, W) projections on the patterns of a picture's K classes → (H, W) uint8 label.

    No projection positive: background.  Exactly one: that class.  More: 255, uncertain.
    """
    positive = projections > 0
    label = np.array(classes, np.uint8)[positive.argmax(0)]
    label[~positive.any(0)] = 0
    label[positive.sum(0) > 1] = UNCERTAIN
    return label


def object_probability(projection: np.ndarray) -> np.ndarray:
    """The CRF's unary: background and object probabilities (2, H, W) of a projection in standard deviations, (H, W)."""
    p = 1 / (1 + np.exp(-projection))
    return np.stack([1 - p, p])


def estimated_mask(picture: Picture, *, projections: Path, settings: dict) -> np.ndarray:
    """Algorithm 1 for one picture: projections upsampled, decided on, and refined by a CRF if it has one class.

    A picture of one class in which no pixel of it is found says otherwise than its image-level label: it becomes 255
    everywhere with ``generic.silent`` "ignore".
    """
    maps = np.load(projections / f"{picture.image_id}.npy")
    maps = full_size(maps, (picture.height, picture.width), aligned=settings["cam.align_corners"])
    if len(picture.classes) > 1:
        return decide(maps, picture.classes)
    if settings["generic.crf"]:
        found = refine(read_picture(picture.path), object_probability(maps[0]), settings)
        label = found * np.uint8(picture.classes[0])
    else:
        label = decide(maps, picture.classes)
    if not label.any() and settings["generic.silent"] == "ignore":
        return np.full_like(label, UNCERTAIN)
    return label


def silent_pictures(pictures: Sequence[Picture], labels: Path, names: Sequence[str], output: Path, progress) -> int:
    """Writes the (picture, class) pairs without a pixel of the class in ``labels``; returns how many pictures of one
    class are among them.  ``names``: with background."""
    rows = []
    for picture in progress(pictures, len(pictures)):
        found = set(np.unique(read_label(labels / f"{picture.image_id}.png")).tolist())
        rows += [(picture, c) for c in picture.classes if c not in found]
    with written_aside(Path(output)) as aside, open(aside, "w", newline="") as stream:
        header = ("image_id", "class", "kind")
        csv.writer(stream).writerows([header, *((p.image_id, names[c], p.kind) for p, c in rows)])
    return sum(p.kind == "simple" for p, _ in rows)
