"""Resampling that keeps feature maps where they lie on the picture."""

import torch.nn.functional as F
from torch import Tensor


def upsample_logits(logits: Tensor, size: tuple[int, int], *, align_corners: bool = True) -> Tensor:
    """Bilinear; with aligned corners by default, the sampling on which the backbones' cells lie."""
    return F.interpolate(logits, size, mode="bilinear", align_corners=align_corners)


def scale_input(x: Tensor, scale: float, *, recompute_scale_factor: bool = True) -> Tensor:
    """Pictures (B, 3, H, W) at ``scale``, sides rounded down.

    ``recompute_scale_factor=True`` samples at steps of old by new side, as torch did before 1.6 and so the published
    numbers; false at steps of 1/scale, which differs where a side is rounded (321 · 0.5).
    """
    if scale == 1:
        return x
    return F.interpolate(
        x, scale_factor=scale, mode="bilinear", align_corners=False, recompute_scale_factor=recompute_scale_factor
    )


def resize_labels(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, H, W) uint8 labels → (B, *size), nearest: each cell takes the label at its centre, as Pillow does."""
    return F.interpolate(labels[:, None], size, mode="nearest-exact")[:, 0]
