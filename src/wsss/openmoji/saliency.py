"""Saliency maps that imitate an off-the-shelf detector: soft, with missed and added parts. No detector is run."""

import cv2
import numpy as np

SALIENT, OBJECT, DISTRACTOR = "salient", "object", "distractor"
LEAK = {OBJECT: 0.15, DISTRACTOR: 0.2}  # how often an object that should not be salient is
MISSING_PART, OVER_EXTENDED, FALSE_BLOB = 1 / 4, 1 / 3, 1 / 5
# Standard deviation of the soft edge, as a share of the width.  U²-Net's maps of photographs have edges as sharp:
# docs/decisions.md compares how precision grows with the threshold.
SOFTNESS = (0.001, 0.003)


def imitate_saliency(masks: list[np.ndarray], roles: list[str], random: np.random.Generator) -> np.ndarray:
    """Draw the map that a detector might give for objects with these visible `masks` ((H, W) bool) and `roles`.

    Returns (H, W) uint8, 0..255.
    """
    height, width = masks[0].shape
    saliency = np.zeros((height, width), np.float32)
    for mask, role in zip(masks, roles, strict=True):
        if not mask.any():
            continue
        if role == SALIENT:
            strength = random.uniform(0.85, 1)
        elif random.random() < LEAK[role]:
            strength = random.uniform(0.25, 0.9)
        else:
            continue
        response = mask.astype(np.float32)
        if random.random() < OVER_EXTENDED:
            response = cv2.dilate(response, _disk(round(width * random.uniform(0.012, 0.03))))
        if random.random() < MISSING_PART:
            response = response * _cut(mask, random)
        saliency = np.maximum(saliency, strength * response)
    if random.random() < FALSE_BLOB:
        blob = np.zeros_like(saliency)
        centre = tuple(float(value) for value in random.uniform(0, 1, 2) * (width, height))
        axes = tuple(float(value) for value in random.uniform(0.08, 0.28, 2) * (width, height))
        cv2.ellipse(blob, (centre, axes, float(random.uniform(0, 180))), 1.0, -1)
        saliency = np.maximum(saliency, random.uniform(0.25, 0.8) * blob)
    saliency = cv2.GaussianBlur(saliency, (0, 0), random.uniform(*SOFTNESS) * width)
    return np.clip(saliency * 255, 0, 255).round().astype(np.uint8)


def _disk(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _cut(mask: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a (H, W) float32 factor that is near 0 on one side of a line through `mask`, else 1."""
    rows, columns = np.nonzero(mask)
    angle = random.uniform(0, 2 * np.pi)
    threshold = np.quantile(np.cos(angle) * columns + np.sin(angle) * rows, random.uniform(0.6, 0.88))
    grid_rows, grid_columns = np.indices(mask.shape)
    beyond = np.cos(angle) * grid_columns + np.sin(angle) * grid_rows > threshold
    return np.where(beyond, random.uniform(0, 0.1), 1).astype(np.float32)
