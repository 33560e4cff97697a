"""Fully connected conditional random field (Krähenbühl & Koltun, 2011) with the constants of DeepLab-v2."""

import cv2
import numpy as np
import pydensecrf.densecrf as densecrf
from pydensecrf.utils import unary_from_softmax

from wsss.data import squash

Width = float | tuple[float, float]


def dense_crf(
    image: np.ndarray,
    probabilities: np.ndarray,
    *,
    iterations: int = 10,
    positional_weight: float = 3,
    positional_std: Width = 1,
    bilateral_weight: float = 4,
    bilateral_std: Width = 67,
    colour_std: float = 3,
) -> np.ndarray:
    """Return the refined class probabilities, (C, H, W) float32, after mean-field inference.

    image: (H, W, 3) uint8 RGB. probabilities: (C, H, W) float, summing to about 1 over classes; values below
    1e-5 count as 1e-5. The pairwise terms are a Gaussian of the position (`positional_*`, in pixels) and one of the
    position and the colour (`bilateral_*` in pixels, `colour_std` in grey levels); a pair of widths is that of x and y.
    Raises TypeError if the image is not (H, W, 3) uint8, ValueError if the sizes differ.
    """
    _check(image, probabilities)
    classes, height, width = probabilities.shape
    unary = unary_from_softmax(np.asarray(probabilities, dtype=np.float32))
    field = densecrf.DenseCRF2D(width, height, classes)
    field.setUnaryEnergy(np.ascontiguousarray(unary))
    field.addPairwiseGaussian(sxy=positional_std, compat=positional_weight)
    field.addPairwiseBilateral(
        sxy=bilateral_std, srgb=colour_std, rgbim=np.ascontiguousarray(image), compat=bilateral_weight
    )
    return np.array(field.inference(iterations), dtype=np.float32).reshape(classes, height, width)


def refine_present(
    image: np.ndarray, probabilities: np.ndarray, *, minimum: float = 0.05, **constants: Width
) -> np.ndarray:
    """Return the label (H, W) uint8, the argmax of `dense_crf` over class 0 and the classes that may be in the image.

    Those are the classes whose largest probability exceeds `minimum`. The time grows with the number of classes, and a
    class that is improbable everywhere hardly ever wins a pixel. probabilities, constants, errors: see `dense_crf`.
    """
    classes, refined = _refined(image, probabilities, minimum, constants)
    return classes[refined.argmax(axis=0)]


def _refined(
    image: np.ndarray, probabilities: np.ndarray, minimum: float, constants: dict[str, Width]
) -> tuple[np.ndarray, np.ndarray]:
    """The classes that may be in the image, (K,) uint8, and their refined probabilities (K, H, W)."""
    _check(image, probabilities)
    present = probabilities.max(axis=(1, 2)) > minimum
    present[0] = True
    classes, kept = np.flatnonzero(present).astype(np.uint8), probabilities[present]
    return classes, dense_crf(image, kept, **constants) if classes.size > 1 else kept


def refine(image: np.ndarray, probabilities: np.ndarray, settings: dict) -> np.ndarray:
    """The label (H, W) uint8 after dense CRF with the ``prediction.crf.*`` settings.

    With ``size``, image and probabilities are squashed to that square and the refined probabilities are laid back on
    the image, all three on the grid whose pixels tile it.  With ``reference_size``, the kernels' widths are those of a
    picture whose longer side has that many px: they cover the same part of every picture, squashed or not.
    """
    c = {k.removeprefix("prediction.crf."): v for k, v in settings.items() if k.startswith("prediction.crf.")}
    names = (
        "iterations", "positional_weight", "positional_std", "bilateral_weight", "bilateral_std", "colour_std",
    )  # fmt: skip
    constants = {name: c[name] for name in names}
    if c["reference_size"] is not None:
        constants |= _scaled(constants, image.shape[:2], c["size"], c["reference_size"])
    if c["size"] is None:
        return refine_present(image, probabilities, minimum=c["minimum_probability"], **constants)
    small = np.stack([cv2.resize(p, (c["size"],) * 2, interpolation=cv2.INTER_LINEAR) for p in probabilities])
    classes, refined = _refined(squash(image, c["size"]), small, c["minimum_probability"], constants)
    full = [cv2.resize(p, image.shape[1::-1], interpolation=cv2.INTER_LINEAR) for p in refined]
    return classes[np.argmax(full, axis=0)]


def _scaled(constants: dict, size: tuple[int, int], side: int | None, reference: int) -> dict[str, Width]:
    """The two spatial widths on the grid of the CRF, along x and y."""
    height, width = (max(size) / reference * (1 if side is None else side / s) for s in size)
    return {name: (constants[name] * width, constants[name] * height) for name in ("positional_std", "bilateral_std")}


def _check(image: np.ndarray, probabilities: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise TypeError(f"image is {image.dtype} of shape {image.shape}; it must be uint8 of shape (H, W, 3)")
    if probabilities.ndim != 3 or probabilities.shape[1:] != image.shape[:2]:
        raise ValueError(f"probabilities are {probabilities.shape}, the image {image.shape}; H and W must agree")
