"""Input sizes at which feature maps lie exactly on the picture, and resampling that keeps them there."""

import torch.nn.functional as F
from torch import Tensor


def aligned_size(base: int, scale: float, stride: int) -> int:
    """``base · scale`` px, moved to the form ``stride·k + 1`` if ``base`` has it: its cells then meet the corners."""
    if (base - 1) % stride:
        return round(base * scale)
    return round((base - 1) * scale / stride) * stride + 1


def upsample_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear with aligned corners, the sampling on which the backbones' cells lie."""
    return F.interpolate(logits, size, mode="bilinear", align_corners=True)
