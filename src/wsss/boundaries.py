"""Whether labels follow the outlines of objects: precision, recall and F1 of their boundaries.  Evaluation only.

Boundaries are found as in SMVWE's Table 2 (Guo et al., 2022) and BES (Chen et al., ECCV 2020), by the Laplacian of a
label; they tell no class.  Matching is ours where the papers are silent: a boundary pixel is found if the other one's
boundary passes within a distance, a share of the picture's diagonal as in BSDS and SBD (.0075, 4.7 px at 500×375).
Benchmarks that thin boundaries and match them one to one are stricter.
"""

import csv
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from wsss.artifacts import written_aside
from wsss.data import Picture
from wsss.label_io import read_label
from wsss.parallel import map_pictures
from wsss.progress import Progress
from wsss.quality import stage_label

COUNTS = ("predicted", "predicted_found", "true", "true_found")
SCORES = ("recall", "precision", "f1")


def boundary(label: np.ndarray, ignore: int = 255) -> np.ndarray:
    """Where the 4-neighbour Laplacian of some class's region is not zero: (H, W) integers → (H, W) bool.

    That is on both sides of every line where two labels meet.  Pixels that are ``ignore`` take the label of the nearest
    pixel that has one, so the boundary is in the middle of an ignored band; a label without any other pixel has none.
    """
    label = _filled(label, ignore)
    found = np.zeros(label.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = label[one] != label[other]
        found[one] |= differs
        found[other] |= differs
    return found


def boundary_counts(label: np.ndarray, target: np.ndarray, *, tolerance: float, ignore: int = 255) -> np.ndarray:
    """Boundary pixels of a label and of the true mask, and how many of each the other has: (4,) int64, see ``COUNTS``.

    ``label``, ``target``: integer arrays of one shape; ``tolerance``: share of the diagonal.  Where the mask is
    ``ignore``, boundaries of the label that are not found do not count.  Raises ``ValueError`` if the shapes differ.
    """
    if label.shape != target.shape:
        raise ValueError(f"the label is {label.shape}, the target {target.shape}; they must agree")
    distance = tolerance * float(np.hypot(*target.shape))
    predicted, true = boundary(label, ignore), boundary(target, ignore)
    predicted_found, true_found = predicted & _near(true, distance), true & _near(predicted, distance)
    predicted &= predicted_found | (target != ignore)
    return np.array([np.count_nonzero(b) for b in (predicted, predicted_found, true, true_found)])


def boundary_scores(counts: np.ndarray) -> dict[str, float]:
    """Recall, precision and F1 in [0, 1] of summed counts, (4,); NaN where nothing is to be counted."""
    predicted, predicted_found, true, true_found = map(int, counts)
    precision = predicted_found / predicted if predicted else float("nan")
    recall = true_found / true if true else float("nan")
    if not predicted_found or not true_found:
        return {"recall": recall, "precision": precision, "f1": 0.0 if predicted or true else float("nan")}
    return {"recall": recall, "precision": precision, "f1": 2 * precision * recall / (precision + recall)}


def measure_boundaries(
    pictures: list[Picture],
    masks: dict[str, Path],
    stages: dict[str, Path],
    output: Path,
    progress: Progress,
    *,
    tolerance: float,
    aligned: bool,
    processes: int = 1,
) -> None:
    """Writes one row per stage: images, scores, and counts, which are summed over the pictures.

    ``stages``: name → folder, see ``stage_label``.  Raises ``DataError`` for a label of another size than its picture.
    """
    rows = []
    for name, folder in stages.items():
        compare = partial(_compare, masks=masks, folder=folder, tolerance=tolerance, aligned=aligned)
        each = progress(map_pictures(compare, pictures, processes), len(pictures))
        counts = sum(each, np.zeros(len(COUNTS), np.int64))
        rows.append((name, len(pictures), *boundary_scores(counts).values(), *counts))
    with written_aside(output) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([("stage", "images", *SCORES, *COUNTS), *rows])


def _compare(picture: Picture, *, masks: dict[str, Path], folder: Path, tolerance: float, aligned: bool) -> np.ndarray:
    label = stage_label(picture, folder, aligned=aligned)
    return boundary_counts(label, read_label(masks[picture.image_id]), tolerance=tolerance)


def _filled(label: np.ndarray, ignore: int) -> np.ndarray:
    ignored = label == ignore
    if not ignored.any() or ignored.all():
        return label
    return label[tuple(distance_transform_edt(ignored, return_distances=False, return_indices=True))]


def _near(boundary: np.ndarray, distance: float) -> np.ndarray:
    """Where a pixel of ``boundary`` lies within ``distance`` px."""
    if not boundary.any():
        return boundary
    return cv2.distanceTransform((~boundary).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= distance
