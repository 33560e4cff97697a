"""Augmentations of one picture, each a function of the picture and a counter-based generator."""

import cv2
import numpy as np

from wsss.resampling import resize_labels


def jitter_colour(picture: np.ndarray, amounts: list[float], rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast, saturation and hue jitter, in random order, as torchvision's ``ColorJitter``.

    picture: (H, W, 3) uint8 RGB; amounts: a factor in 1 ± a for the first three, a shift in ± a of the circle for hue.
    Returns uint8 of the same shape.
    """
    brightness, contrast, saturation, hue = amounts
    factors = (1 + rng.uniform(-1, 1, 3) * (brightness, contrast, saturation)).astype(np.float32)
    shift = rng.uniform(-hue, hue) if hue else 0.0
    order = rng.permutation(4)
    x = picture.astype(np.float32)
    for step in order:
        if step == 0 and brightness:
            x *= factors[0]
        elif step == 1 and contrast:
            grey = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY).mean()
            x = (x - grey) * factors[1] + grey
        elif step == 2 and saturation:
            grey = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None]
            x = (x - grey) * factors[2] + grey
        elif step == 3 and hue:
            x = _rotate_hue(x, shift)
        np.clip(x, 0, 255, out=x)
    return (x + 0.5).astype(np.uint8)


def _rotate_hue(x: np.ndarray, shift: float) -> np.ndarray:
    hsv = cv2.cvtColor(x / np.float32(255), cv2.COLOR_RGB2HSV)  # hue in 0..360
    hsv[..., 0] = np.mod(hsv[..., 0] + np.float32(360 * shift), np.float32(360))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255)


def scale_crop_flip(
    picture: np.ndarray, label: np.ndarray, scale: tuple[float, float], fill: tuple, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random scale, crop back to the picture's size, and flip, in one affine warp.

    picture: (H, W, 3) uint8, label: (H, W) uint8.  Outside the picture: colour ``fill`` and label 255.
    """
    height, width = label.shape
    factor = rng.uniform(*scale)
    # The window of the scaled picture that is kept (offsets are negative where the picture is the smaller one).
    room = np.array([width - 1, height - 1]) * (factor - 1)
    offset = rng.uniform(0, 1, 2) * room
    matrix = np.array([[factor, 0, -offset[0]], [0, factor, -offset[1]]])
    if rng.random() < 0.5:
        matrix[0] = [-factor, 0, width - 1 + offset[0]]
    size = (width, height)
    warped = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=fill
    )
    moved = cv2.warpAffine(
        label, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=255
    )
    return warped, moved


def scale_and_crop(
    picture: np.ndarray,
    label: np.ndarray,
    size: int,
    scale: tuple[float, float],
    choices: list[float],
    fill: tuple,
    rng: np.random.Generator,
    *,
    outside: int = 255,
) -> tuple[np.ndarray, np.ndarray]:
    """Random scale (one of ``choices``, else uniform in ``scale``), crop of ``size`` × ``size`` px, and flip.

    picture: (H, W, 3) uint8, label: (H, W) uint8.  A picture that is too short is extended below and to the right by
    colour ``fill`` and label ``outside``, as DeepLab does.
    """
    factor = rng.choice(choices) if choices else rng.uniform(*scale)
    height, width = (max(int(side * factor), 1) for side in label.shape)  # a picture may be a pixel wide
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    label = resize_labels(label, (height, width))
    below, right = max(size - height, 0), max(size - width, 0)
    if below or right:
        picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT, value=np.rint(fill).tolist())
        label = cv2.copyMakeBorder(label, 0, below, 0, right, cv2.BORDER_CONSTANT, value=outside)
    top, left = (int(rng.integers(side - size + 1)) for side in label.shape)
    window = np.s_[top : top + size, left : left + size]
    picture, label = picture[window], label[window]
    if rng.random() < 0.5:
        picture, label = picture[:, ::-1], label[:, ::-1]
    return np.ascontiguousarray(picture), np.ascontiguousarray(label)
