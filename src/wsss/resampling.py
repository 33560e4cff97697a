"""Resampling that keeps feature maps and labels where they lie on the picture.

Corner to corner (``align_corners``), the centres of the first and the last sample of both grids lie on each other; else
both grids tile the picture.
"""

from typing import TypeVar

import numpy as np
import torch.nn.functional as F
from torch import Tensor

Labels = TypeVar("Labels", np.ndarray, Tensor)


def upsample_logits(logits: Tensor, size: tuple[int, int], *, align_corners: bool = True) -> Tensor:
    """Bilinear; with aligned corners by default, the sampling on which the backbones' cells lie."""
    return F.interpolate(logits, size, mode="bilinear", align_corners=align_corners)


def scale_input(
    x: Tensor, scale: float, *, recompute_scale_factor: bool = True, aligned_stride: int | None = None
) -> Tensor:
    """Pictures (B, 3, H, W) at ``scale``, sides rounded down.

    ``recompute_scale_factor=True`` samples at steps of old by new side, as torch did before 1.6 and so the published
    numbers; false at steps of 1/scale, which differs where a side is rounded (321 · 0.5).
    ``aligned_stride``: of a network whose logits are laid corner to corner; the picture then is, too, at the nearest
    sides of the form ``stride·k + 1``, and the other argument does nothing.
    """
    if aligned_stride is not None:
        cells = [round((side * scale - 1) / aligned_stride) for side in x.shape[-2:]]
        size = tuple(aligned_stride * max(k, 1) + 1 for k in cells)
        return x if size == x.shape[-2:] else upsample_logits(x, size)
    if scale == 1:
        return x
    if min(x.shape[-2:]) * scale < 1:  # a side of a pixel has none to lose
        return upsample_logits(x, tuple(max(int(side * scale), 1) for side in x.shape[-2:]), align_corners=False)
    return F.interpolate(
        x, scale_factor=scale, mode="bilinear", align_corners=False, recompute_scale_factor=recompute_scale_factor
    )


def resize_labels(labels: Labels, size: tuple[int, int], *, align_corners: bool = False) -> Labels:
    """(..., H, W) labels → (..., *size): each cell takes the label at its centre, on the grid of ``upsample_logits``.

    Not corner to corner, this is Pillow's ``NEAREST``, which published code uses.
    """
    (rows, columns) = (_nearest(*sides, align_corners) for sides in zip(labels.shape[-2:], size, strict=True))
    return labels[..., rows[:, None], columns]


def _nearest(old: int, new: int, align_corners: bool) -> np.ndarray:
    """For each of ``new`` cells the index, among ``old``, at its centre; in whole numbers, so exact."""
    cells = np.arange(new)
    if align_corners:
        intervals = max(new - 1, 1)
        return (2 * cells * (old - 1) + intervals) // (2 * intervals)
    return (2 * cells + 1) * old // (2 * new)
