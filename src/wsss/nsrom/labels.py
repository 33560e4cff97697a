"""Pseudo labels of NSROM: saliency fusion, potential object mining (POM), non-salient region masking (NSRM).

A label is (H, W) uint8: 0 background, 1..C classes, 255 ignored. Attention maps and CAMs are given per class, either as
float in [0, 1] or as the stored uint8. The 8-bit form stands for its min-max normalisation and gives the same labels
bit for bit, faster: with only 256 values, scores come from a look-up table and medians from a histogram.
No function modifies its arguments.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from wsss.class_maps import normalisation_table

IGNORE = 255


def fuse_saliency(
    attention: Mapping[int, np.ndarray],
    saliency: np.ndarray,
    *,
    foreground: float = 0.3,
    conflict: float = 0.9,
    uncertain_saliency: int = 32,
    confident_attention: float = 0.8,
) -> np.ndarray:
    """Return the initial label: per pixel the strongest of the classes and the background, whose score is 1 - saliency.

    Scores below `foreground` count as 0; ties go to the smaller index, background first. Ignored are pixels where more
    than one score, background included, exceeds `conflict`, and background pixels with a saliency of at least
    `uncertain_saliency` or with an attention above `confident_attention`. (The paper's background extraction, without
    equation. Scores are compared in float32, as in the published code; the last threshold in the map's own precision.)

    attention: class index 1..254 -> (H, W), float in [0, 1] or uint8; only the classes of the image, or none.
    saliency: (H, W) uint8.
    Raises ValueError for shapes that differ and for class indices out of range, TypeError for other dtypes.
    """
    _check_image("saliency", saliency)
    _check_maps(attention, saliency.shape)
    background = 1 - np.arange(256, dtype=np.float32) / np.float32(255)
    best = _look_up(_drop_weak(background, foreground), saliency)
    labels = np.zeros_like(saliency)
    strong = best > conflict
    conflicting = np.zeros_like(strong)
    uncertain = saliency >= uncertain_saliency
    for class_index, raw in sorted(attention.items()):
        score = _scores(raw, foreground)
        # Classes come in ascending order, so the larger of the old and the new index is always the new one.
        labels = np.maximum(labels, _where(score > best, class_index))
        np.maximum(best, score, out=best)
        above = score > conflict
        conflicting |= strong & above
        strong |= above
        uncertain |= _above(raw, confident_attention)
    return np.maximum(labels, _where(conflicting | (uncertain & (labels == 0)), IGNORE))


def mining_threshold(
    cam: np.ndarray, labels: np.ndarray, class_index: int, *, background: float = 0.3, rule: str = "code"
) -> float:
    """Return the threshold above which a CAM shows a potential object of its class (Eq. 5 and 6).

    rule="code" (published code): the median of the CAM inside the class's pixels of `labels`, if the values there do
    not sum to 0. Otherwise, of the values above `background`, the median of those strictly above their median: NaN if
    there are none (a two-valued map), and 1 if nothing is above `background`.
    rule="paper": the median inside the class's pixels, if there are any; otherwise the 75th percentile of the values
    above `background`, and 1 if there are none.

    cam: (H, W), float in [0, 1] or uint8; labels: (H, W) uint8. A threshold refers to the CAM in [0, 1]; NaN selects
    nothing. Raises ValueError for shapes that differ or an unknown rule.
    """
    if rule not in ("code", "paper"):
        raise ValueError(f'rule is "{rule}"; it must be "code" or "paper"')
    _check_image("labels", labels)
    _check_maps({class_index: cam}, labels.shape)
    values, counts = _histogram(cam, labels == class_index)
    if values.size and (rule == "paper" or values[-1] > 0):
        return _median(values, counts)
    values, counts = _histogram(cam)
    values, counts = values[values > background], counts[values > background]
    if not values.size:
        return 1.0
    if rule == "paper":
        return float(np.percentile(np.repeat(values, counts), 75))
    upper = values > _median(values, counts)
    return _median(values[upper], counts[upper])


def mine_potential_objects(
    labels: np.ndarray, cams: Mapping[int, np.ndarray], *, background: float = 0.3, rule: str = "code"
) -> np.ndarray:
    """Return `labels` with background pixels ignored where the CAM of any class exceeds its threshold (Eq. 7).

    labels: (H, W) uint8; cams: class index -> (H, W), float in [0, 1] or uint8, only the classes of the image.
    background, rule: see `mining_threshold`. Raises what it raises.
    """
    _check_image("labels", labels)
    potential = np.zeros(labels.shape, dtype=bool)
    for class_index, cam in cams.items():
        potential |= _above(cam, mining_threshold(cam, labels, class_index, background=background, rule=rule))
    return np.maximum(labels, _where(potential & (labels == 0), IGNORE))


def mask_nonsalient_region(
    prediction: np.ndarray,
    labels: np.ndarray,
    saliency: np.ndarray,
    *,
    kernel: int = 30,
    expand: bool = True,
    mask: bool = True,
    saliency_threshold: int = 0,
) -> np.ndarray:
    """Return the label of the second round: the first round's prediction, expanded by mined objects and masked (NSRM).

    Object expansion takes the class of `labels` where the prediction is background. The mask holds what is then not
    background or has a saliency strictly above `saliency_threshold`, dilated by a box of kernel x kernel; an even
    kernel draws from one pixel more above and to the left than below and to the right, as in published code. Outside of
    the mask the label is ignored. The paper applies this to images with two or more classes only; the caller decides.
    (No equation.)

    prediction, labels, saliency: (H, W) uint8; kernel: 1 or less dilates nothing; expand, mask: the two steps.
    Raises ValueError for shapes that differ, TypeError for other dtypes.
    """
    for name, image in (("prediction", prediction), ("labels", labels), ("saliency", saliency)):
        _check_image(name, image)
        if image.shape != prediction.shape:
            raise ValueError(f"{name} is {image.shape}, the prediction {prediction.shape}; they must agree")
    result = prediction.copy()
    if expand:
        mined = np.where(labels == IGNORE, 0, labels)
        result = np.where(prediction == 0, mined, prediction)
    if mask:
        region = ((result != 0) | (saliency > saliency_threshold)).view(np.uint8)
        if kernel > 1:
            region = cv2.dilate(region, np.ones((kernel, kernel), np.uint8))
        result = np.maximum(result, _where(region == 0, IGNORE))
    return result


def ignore_if_tiny(labels: np.ndarray, *, minimum: float = 0.01) -> np.ndarray:
    """Return `labels`, or all ignored if the classes 1..254 cover less than the fraction `minimum` of the image.

    labels: (H, W) uint8. (Published code; the paper is silent.)
    """
    _check_image("labels", labels)
    covered = np.count_nonzero(labels) - np.count_nonzero(labels == IGNORE)
    return np.full_like(labels, IGNORE) if covered / labels.size < minimum else labels.copy()


def _scores(raw: np.ndarray, foreground: float) -> np.ndarray:
    """Return the map in float32 with values below `foreground` set to 0."""
    if raw.dtype != np.uint8:
        return _drop_weak(raw.astype(np.float32), foreground)
    return _look_up(_drop_weak(normalisation_table(raw).astype(np.float32), foreground), raw)


def _drop_weak(scores: np.ndarray, foreground: float) -> np.ndarray:
    return np.where(scores < np.float32(foreground), np.float32(0), scores)


def _look_up(table: np.ndarray, image: np.ndarray) -> np.ndarray:
    return cv2.LUT(image, table)


def _above(raw: np.ndarray, threshold: float) -> np.ndarray:
    """Return where the map, in its own precision, is strictly above the threshold; nowhere for NaN."""
    if raw.dtype != np.uint8:
        return raw > threshold
    # The table never decreases, so the comparison can be made on the 8-bit values. NaN sorts behind every number.
    # A Python int, unlike a NumPy integer, leaves the comparison in 8 bit.
    return raw > int(np.searchsorted(normalisation_table(raw), threshold, side="right")) - 1


def _histogram(cam: np.ndarray, inside: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the ascending distinct values of the CAM (where `inside`, if given) and how often each occurs."""
    if cam.dtype != np.uint8:
        return np.unique(cam if inside is None else cam[inside], return_counts=True)
    mask = None if inside is None else inside.view(np.uint8)
    counts = cv2.calcHist([cam], [0], mask, [256], [0, 256]).ravel().astype(np.int64)
    occurs = counts > 0
    return normalisation_table(cam)[occurs], counts[occurs]


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the median of ascending values with counts, NaN if there are none; bit for bit that of `np.median`."""
    if not values.size:
        return float("nan")
    last = np.cumsum(counts)
    lower, upper = values[np.searchsorted(last, [(last[-1] - 1) // 2, last[-1] // 2], side="right")]
    return float((lower + upper) / 2)


def _where(condition: np.ndarray, value: int) -> np.ndarray:
    """Return uint8 `value` where the condition holds and 0 elsewhere (faster than np.where and masked assignment)."""
    return condition.view(np.uint8) * np.uint8(value)


def _check_image(name: str, image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 2:
        raise TypeError(f"{name} is {image.dtype} of shape {image.shape}; it must be uint8 of shape (H, W)")


def _check_maps(maps: Mapping[int, np.ndarray], shape: tuple[int, ...]) -> None:
    for class_index, image in maps.items():
        if not 0 < class_index < IGNORE:
            raise ValueError(f"class index {class_index} is out of range; it must be 1..254")
        if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
            raise TypeError(f"the map of class {class_index} is {image.dtype}; it must be float in [0, 1] or uint8")
        if image.shape != shape:
            raise ValueError(f"the map of class {class_index} is {image.shape}, the label {shape}; they must agree")
