"""What the network is shown: augmented training pictures with their saliency maps, and the sizes of inference."""

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from wsss.augment import jitter_colour, scale_and_crop
from wsss.classification import jittered
from wsss.data import Picture, read_picture, resized
from wsss.input_sizes import aligned_size
from wsss.label_io import read_gray
from wsss.randomness import generator


def training_sample(
    picture: Picture, settings: dict, fill: tuple, *, seed: int, epoch: int, index: int
) -> tuple[np.ndarray, ...]:
    """An augmented picture (H, W, 3), and with saliency feedback its saliency map (H, W), both uint8.

    Colour jitter and flips; with ``smvwe.crop_size`` also a random longer side and a crop of that size, outside the
    picture of colour ``fill`` and without saliency, else a square of ``classifier.image_size``.
    """
    saliency = read_gray(picture.saliency) if settings["smvwe.saliency_feedback"] else None
    crop = settings["smvwe.crop_size"]
    if crop is None:
        image = jittered(picture, settings, seed, epoch, index)
        arrays = (
            [image]
            if saliency is None
            else [image, resized(saliency, image.shape[:2], aligned=settings["cam.align_corners"])]
        )
        if generator("flip", seed, epoch, index).random() < 0.5:
            arrays = [a[:, ::-1] for a in arrays]
        return tuple(np.ascontiguousarray(a) for a in arrays)
    image = read_picture(picture.path)
    image = jitter_colour(image, settings["classifier.jitter"], generator("jitter", seed, epoch, index))
    rng = generator("crop", seed, epoch, index)
    factor = rng.uniform(*settings["smvwe.long_side"]) / max(image.shape[:2])
    shown = np.zeros(image.shape[:2], np.uint8) if saliency is None else saliency
    image, shown = scale_and_crop(image, shown, crop, (factor, factor), [], fill, rng, outside=0)
    return (image,) if saliency is None else (image, shown)


def saliency_on_grid(saliency: Tensor, size: tuple[int, int], *, aligned: bool) -> Tensor:
    """(B, H, W) uint8 → (B, h, w) in [0, 1]: the mean saliency around each feature cell.

    ``aligned``: cells are centred on every s-th pixel from the first, as those of the backbones are on pictures of
    s·k + 1 px; else they tile the picture.
    """
    values = saliency.float()[:, None] / 255
    strides = [
        (side - 1) / (cells - 1) if cells > 1 else 0.5 for side, cells in zip(values.shape[2:], size, strict=True)
    ]
    if aligned and strides[0] == strides[1] == int(strides[0]):
        s = int(strides[0])
        odd = s + 1 - s % 2
        return F.avg_pool2d(values, odd, stride=s, padding=odd // 2, count_include_pad=False)[:, 0]
    return F.adaptive_avg_pool2d(values, size)[:, 0]


def inference_sizes(picture: Picture, settings: dict) -> list[tuple[int, int]]:
    """(height, width) of the picture at each of ``smvwe.scales``, finest last."""
    stride, scales = settings["classifier.output_stride"], sorted(settings["smvwe.scales"])
    if settings["smvwe.crop_size"] is None:
        sides = [aligned_size(settings["classifier.image_size"], scale, stride) for scale in scales]
        return [(side, side) for side in sides]
    return [(max(1, round(picture.height * s)), max(1, round(picture.width * s))) for s in scales]
