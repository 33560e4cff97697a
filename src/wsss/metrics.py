"""Scores of segmentations and of pseudo labels, all from confusion matrices that add up over images."""

from typing import NamedTuple

import numpy as np


def confusion_matrix(prediction: np.ndarray, target: np.ndarray, num_classes: int, ignore: int = 255) -> np.ndarray:
    """Return the pixel counts (C, C) int64: rows are the classes of `target`, columns those of `prediction`.

    prediction, target: integer arrays of one shape. Pixels whose target is `ignore` do not count.
    Raises ValueError if the shapes differ or a counted pixel holds a value outside 0..C-1.
    """
    return _count(prediction, target, num_classes, num_classes, ignore)


def label_confusion(label: np.ndarray, target: np.ndarray, num_classes: int, ignore: int = 255) -> np.ndarray:
    """Return the pixel counts (C, C + 1) int64 of a pseudo label: the last column is `ignore` in the label.

    label, target: integer arrays of one shape. Pixels whose target is `ignore` do not count.
    Raises ValueError if the shapes differ or a counted pixel holds a value outside 0..C-1 (the label also: `ignore`).
    """
    return _count(np.where(label == ignore, num_classes, label), target, num_classes, num_classes + 1, ignore)


def iou(confusion: np.ndarray) -> np.ndarray:
    """Return the intersection over union per class, (C,) float64, from (C, C); NaN for a class in neither."""
    intersection = np.diag(confusion)
    return _divide(intersection, confusion.sum(axis=1) + confusion.sum(axis=0) - intersection)


def mean_iou(confusion: np.ndarray) -> float:
    """Return the mean IoU over the classes that occur in the target, from (C, C); NaN if none does."""
    return _mean_over_occurring(iou(confusion), confusion)


def pixel_accuracy(confusion: np.ndarray) -> float:
    """Return the fraction of pixels with the right class, from (C, C); NaN without pixels."""
    return float(_divide(np.trace(confusion), confusion.sum()))


class LabelQuality(NamedTuple):
    """How good pseudo labels are. Every field is in [0, 1], or NaN where nothing is to be counted."""

    miou: float  # mean IoU over the pixels that have a label
    miou_ignored_wrong: float  # mean IoU over all pixels, an ignored pixel being an error
    precision: float  # of the pixels labelled as foreground: the fraction with the right class
    recall: float  # of the pixels that are foreground: the fraction labelled with the right class
    coverage: float  # of all pixels: the fraction that has a label
    missed_foreground: float  # of the pixels labelled as background: the fraction that is foreground


def label_quality(confusion: np.ndarray) -> LabelQuality:
    """Return the scores of pseudo labels from the summed `label_confusion`, (C, C + 1).

    Raises ValueError if the matrix has another form.
    """
    if confusion.ndim != 2 or confusion.shape[1] != confusion.shape[0] + 1:
        raise ValueError(f"the confusion of labels is {confusion.shape}; it must be (C, C + 1)")
    labelled = confusion[:, :-1]
    correct = np.diag(labelled)
    against_all = _divide(correct, confusion.sum(axis=1) + labelled.sum(axis=0) - correct)
    return LabelQuality(
        miou=mean_iou(labelled),
        miou_ignored_wrong=_mean_over_occurring(against_all, confusion),
        precision=float(_divide(correct[1:].sum(), labelled[:, 1:].sum())),
        recall=float(_divide(correct[1:].sum(), confusion[1:].sum())),
        coverage=float(_divide(labelled.sum(), confusion.sum())),
        missed_foreground=float(_divide(labelled[1:, 0].sum(), labelled[:, 0].sum())),
    )


def _count(prediction: np.ndarray, target: np.ndarray, rows: int, columns: int, ignore: int) -> np.ndarray:
    if prediction.shape != target.shape:
        raise ValueError(f"the prediction is {prediction.shape}, the target {target.shape}; they must agree")
    counted = target != ignore
    true, predicted = target[counted].astype(np.int64), prediction[counted].astype(np.int64)
    for name, values, limit in (("target", true, rows), ("prediction", predicted, columns)):
        if values.size and (values.min() < 0 or values.max() >= limit):
            raise ValueError(
                f"the {name} holds values {values.min()}..{values.max()}, but there are {rows} classes, 0..{rows - 1}"
            )
    return np.bincount(true * columns + predicted, minlength=rows * columns).reshape(rows, columns)


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.asarray(part, dtype=np.float64) / whole


def _mean_over_occurring(values: np.ndarray, confusion: np.ndarray) -> float:
    occurs = confusion.sum(axis=1) > 0
    return float(values[occurs].mean()) if occurs.any() else float("nan")
