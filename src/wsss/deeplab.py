"""DeepLab-v2 (Chen et al., 2017): dilated backbone, ASPP whose branches are summed."""

import torch.nn.functional as F
from torch import Tensor, nn

from wsss.backbones import StagedBackbone
from wsss.resampling import upsample_logits


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


class FineDecoder(nn.Module):
    """Our addition for backbones at output stride 16: ASPP's sum is joined with the last stride-8 stage.

    ``coarse`` (B, width, h, w) is upsampled onto ``fine`` (B, channels, H, W), added to a projection of it, and a 3×3
    layer gives (B, num_classes, H, W) scores.
    """

    def __init__(self, channels: int, width: int, num_classes: int):
        super().__init__()
        self.coarse_norm = nn.BatchNorm2d(width)
        self.project = nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))
        self.mix = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.classes = nn.Conv2d(width, num_classes, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        joined = self.project(fine) + upsample_logits(self.coarse_norm(coarse), fine.shape[-2:])
        return self.classes(self.mix(joined.relu()))


class DeepLabV2(nn.Module):
    """DeepLab-v2 on a staged backbone: (B, 3, H, W) → (B, num_classes, h, w) logits.

    ``decoder_width=None`` is the published network: ASPP gives the class scores at the backbone's output stride.  A
    number adds ``FineDecoder`` of that many channels, and the logits have stride 8.
    """

    def __init__(
        self, backbone: StagedBackbone, num_classes: int, *, rates: list[int], decoder_width: int | None = None
    ):
        super().__init__()
        self.backbone = backbone
        self.fine_stage = max(i for i, s in enumerate(backbone.strides) if s == 8)
        self.aspp = ASPP(backbone.channels[-1], decoder_width or num_classes, rates)
        fine_channels = backbone.channels[self.fine_stage]
        self.decoder = FineDecoder(fine_channels, decoder_width, num_classes) if decoder_width else None

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters that have no ImageNet weights and learn at a multiple of the rate."""
        return [*self.aspp.parameters(), *(self.decoder.parameters() if self.decoder is not None else [])]

    def forward(self, x: Tensor) -> Tensor:
        features = self.backbone(x)
        scores = self.aspp(features[-1])
        return scores if self.decoder is None else self.decoder(scores, features[self.fine_stage])


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
