"""Attention of NSROM: online accumulation of class activation maps (OAA)."""

import numpy as np

from wsss.class_maps import relative


def accumulate(
    accumulated: np.ndarray | None,
    activation: np.ndarray,
    score: float,
    *,
    minimum_score: float = 0.1,
    force: bool = False,
) -> np.ndarray | None:
    """Merge one epoch's class activation map into the accumulated map of one (image, class).

    The pixelwise maximum over epochs of relu(activation) / max, in 8 bit, rounded half to even (OAA, which NSROM
    follows; no equation). An epoch in which the classifier gives the class a sigmoid score below `minimum_score`
    changes nothing.

    accumulated: (h, w) uint8, or None while there is no map yet; never modified.
    activation: (h, w) float, the class map before clipping.
    force: the rule of the last epoch: where there is no map yet (None), write one whatever the score is.
    Returns (h, w) uint8, or None if there was no map and none is written.
    Raises ValueError if the shapes differ or the activation holds a NaN or an infinity.
    """
    if score < minimum_score and not (force and accumulated is None):
        return accumulated
    current = np.rint(relative(activation) * np.float32(255)).astype(np.uint8)
    if accumulated is None:
        return current
    if accumulated.shape != current.shape:
        raise ValueError(f"accumulated map is {accumulated.shape}, the activation {current.shape}; they must agree")
    return np.maximum(accumulated, current)
