"""DeepLab-v2 (Chen et al., 2017): dilated backbone, ASPP whose branches are summed."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsss.backbones import StagedBackbone


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: 3×3 convolutions with one dilation each, summed into class scores."""

    def __init__(self, channels: int, num_classes: int, rates: list[int]):
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv2d(channels, num_classes, 3, padding=r, dilation=r) for r in rates)
        for branch in self.branches:
            nn.init.normal_(branch.weight, std=0.01)
            nn.init.zeros_(branch.bias)

    def forward(self, x: Tensor) -> Tensor:
        return sum(branch(x) for branch in self.branches)


class DeepLabV2(nn.Module):
    """DeepLab-v2 on a staged backbone.

    ``skip=True`` adds a 1×1 convolution of the last stride-8 stage to the scores, for backbones at output stride 16;
    this is our addition for the small backbone.  ``forward``: (B, 3, H, W) → (B, num_classes, h, w) logits at the
    finest stride used.  ``last_stage`` drops the stages after it (the 1280-channel convolution of EfficientNet-Lite0
    serves classification only).
    """

    def __init__(self, backbone: StagedBackbone, num_classes: int, *, rates: list[int], skip: bool = False):
        super().__init__()
        self.backbone = backbone
        self.skip_stage = max(i for i, s in enumerate(backbone.strides) if s == 8) if skip else None
        self.aspp = ASPP(backbone.channels[-1], num_classes, rates)
        self.skip = nn.Conv2d(backbone.channels[self.skip_stage], num_classes, 1) if skip else None
        if skip:
            nn.init.normal_(self.skip.weight, std=0.01)
            nn.init.zeros_(self.skip.bias)

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters that have no ImageNet weights and learn at a multiple of the rate."""
        return [*self.aspp.parameters(), *(self.skip.parameters() if self.skip is not None else [])]

    def forward(self, x: Tensor) -> Tensor:
        features = self.backbone(x)
        logits = self.aspp(features[-1])
        if self.skip is not None:
            fine = self.skip(features[self.skip_stage])
            logits = fine + F.interpolate(logits, fine.shape[-2:], mode="bilinear", align_corners=True)
        return logits


def upsample_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear with aligned corners, the sampling on which the backbones' cells lie."""
    return F.interpolate(logits, size, mode="bilinear", align_corners=True)


def segmentation_loss(logits: Tensor, labels: Tensor, *, stride: int = 1) -> Tensor:
    """Mean cross-entropy over labelled pixels (255 is ignored) of logits upsampled to (B, H, W) uint8 labels.

    Only every ``stride``-th label in both directions is compared; with aligned corners and H, W of the form
    ``stride·k + 1`` the samples lie exactly on them.  A batch without any labelled pixel gives 0, not NaN.
    """
    labels = labels[:, ::stride, ::stride]
    scores = upsample_logits(logits, tuple(labels.shape[-2:]))
    target = labels.long()
    total = F.cross_entropy(scores, target, ignore_index=255, reduction="sum")
    return total / (target != 255).sum().clamp(min=1)


__all__ = ["ASPP", "DeepLabV2", "segmentation_loss", "upsample_logits"]
