"""Class activation maps as 8-bit images: export, sampling at the picture's size, normalisation on load."""

import cv2
import numpy as np

# The published constant in every denominator: a map without any positive value becomes zeros instead of NaN.
EPSILON = 1e-8


def quantise(activation: np.ndarray) -> np.ndarray:
    """Return relu(activation) / max as 8 bit, truncated as in the published export: (h, w) float -> (h, w) uint8.

    Raises ValueError if the activation holds a NaN or an infinity.
    """
    return (relative(activation) * np.float32(255)).astype(np.uint8)


def resize_attention(attention: np.ndarray, size: tuple[int, int], *, aligned: bool = False) -> np.ndarray:
    """Resample an 8-bit map with cubic interpolation: (h, w) uint8 -> size = (height, width) uint8.

    aligned: False maps the outer edges of the pixels onto each other (published); True maps the centres of the corner
    pixels onto each other, as suits a network whose first and last output lie on the image border. Both use Keys'
    kernel with a = -0.75.
    """
    height, width = size
    if not aligned:
        return cv2.resize(attention, (width, height), interpolation=cv2.INTER_CUBIC)
    rows, columns = attention.shape
    target_to_source = np.array([[(columns - 1) / max(width - 1, 1), 0, 0], [0, (rows - 1) / max(height - 1, 1), 0]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(attention, target_to_source, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def render_attention(activation: np.ndarray, size: tuple[int, int], *, aligned: bool = False) -> np.ndarray:
    """Return the exported CAM, `quantise` and then `resize_attention`: (h, w) float -> size = (height, width) uint8."""
    return resize_attention(quantise(activation), size, aligned=aligned)


def normalisation_table(attention: np.ndarray) -> np.ndarray:
    """Return the 256 float64 values, non-decreasing, that `normalise` gives to the 8-bit values of this map."""
    low, high, _, _ = cv2.minMaxLoc(attention)
    return (np.clip(np.arange(256), low, high) - low) / (high - low + EPSILON)


def normalise(attention: np.ndarray) -> np.ndarray:
    """Return (a - min) / (max - min + 1e-8), as published code loads a map: (H, W) uint8 -> float64 in [0, 1].

    A constant map becomes zeros. Raises TypeError if the map is not uint8.
    """
    if attention.dtype != np.uint8:
        raise TypeError(f"attention is {attention.dtype}; it must be uint8")
    return normalisation_table(attention)[attention]


def relative(activation: np.ndarray) -> np.ndarray:
    """Return relu(activation) / (max + 1e-8) in float32, the precision of the published code."""
    activation = np.asarray(activation, dtype=np.float32)
    if not np.isfinite(activation).all():
        raise ValueError("the class activation map holds a NaN or an infinity; the training that gave it has diverged")
    positive = np.maximum(activation, 0)
    return positive / (positive.max() + np.float32(EPSILON))
