"""DeepLab-v2 (Chen et al., 2017) and DeepLab-v1 LargeFOV (2015): a dilated backbone under dilated convolutions.

Both are ``DeepLabV2`` with other numbers: LargeFOV is one branch (rate 12) with hidden layers of 1024 channels.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsss.backbones import StagedBackbone
from wsss.resampling import resize_labels, scale_input, upsample_logits


class LargeFOV(nn.Sequential):
    """fc6, fc7, fc8 of DeepLab-v1 as convolutions: 3×3 with a dilation, 1×1, and 1×1 to class scores; dropout .5."""

    def __init__(self, channels: int, num_classes: int, *, rate: int = 12, width: int = 1024):
        super().__init__(
            nn.Conv2d(channels, width, 3, padding=rate, dilation=rate),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(width, width, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(width, num_classes, 1),
        )
        for layer in (self[0], self[3]):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        _initialise_scores(self[6])


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: branches with one dilation each, summed into class scores.

    A branch is one 3×3 convolution (published on ResNet-101), or ``LargeFOV`` of ``width`` channels (on VGG-16).
    """

    def __init__(self, channels: int, num_classes: int, rates: Sequence[int], width: int | None = None):
        super().__init__()
        if width is None:
            branches = [nn.Conv2d(channels, num_classes, 3, padding=r, dilation=r) for r in rates]
            for branch in branches:
                _initialise_scores(branch)
        else:
            branches = [LargeFOV(channels, num_classes, rate=r, width=width) for r in rates]
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return sum(branch(x) for branch in self.branches)


def _initialise_scores(layer: nn.Conv2d) -> None:
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)


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
    number adds ``FineDecoder`` of that many channels, and the logits have stride 8.  ``head_width`` gives the branches
    hidden layers; with 1024 and ``rates=[12]`` this is DeepLab-v1 LargeFOV.
    """

    def __init__(
        self,
        backbone: StagedBackbone,
        num_classes: int,
        *,
        rates: Sequence[int],
        head_width: int | None = None,
        decoder_width: int | None = None,
    ):
        super().__init__()
        self.backbone = backbone
        self.fine_stage = max(i for i, s in enumerate(backbone.strides) if s == 8)
        self.aspp = ASPP(backbone.channels[-1], decoder_width or num_classes, rates, head_width)
        fine_channels = backbone.channels[self.fine_stage]
        self.decoder = FineDecoder(fine_channels, decoder_width, num_classes) if decoder_width else None

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters that have no ImageNet weights and learn at a multiple of the rate."""
        return [*self.aspp.parameters(), *(self.decoder.parameters() if self.decoder is not None else [])]

    def forward(self, x: Tensor) -> Tensor:
        features = self.backbone(x)
        scores = self.aspp(features[-1])
        return scores if self.decoder is None else self.decoder(scores, features[self.fine_stage])


def segmentation_loss(logits: Tensor, labels: Tensor, *, stride: int = 1, align_corners: bool = True) -> Tensor:
    """Mean cross-entropy over labelled pixels (255 is ignored) of logits upsampled to (B, H, W) uint8 labels.

    With aligned corners and H, W of the form ``stride·k + 1``, only every ``stride``-th label in both directions is
    compared: the samples lie exactly on them.  A batch without any labelled pixel gives 0, not NaN.
    """
    if align_corners and all(side % stride == 1 % stride for side in labels.shape[-2:]):
        labels = labels[:, ::stride, ::stride]
    scores = upsample_logits(logits, tuple(labels.shape[-2:]), align_corners=align_corners)
    return _cross_entropy(scores, labels.long())


def multi_scale_logits(
    network: nn.Module,
    x: Tensor,
    scales: Sequence[float] = (0.5, 0.75),
    *,
    recompute_scale_factor: bool = True,
    aligned_stride: int | None = None,
) -> list[Tensor]:
    """Logits of ``x``, then of ``x`` at each scale on its own grid, last their pixelwise maximum on the first's grid.

    x: (B, 3, H, W) normalised pictures; the other arguments: see ``scale_input``.
    """
    form = {"recompute_scale_factor": recompute_scale_factor, "aligned_stride": aligned_stride}
    outputs = [network(v) for v in (x, *(scale_input(x, s, **form) for s in scales))]
    grid, aligned = tuple(outputs[0].shape[-2:]), aligned_stride is not None
    on_grid = [outputs[0], *(upsample_logits(o, grid, align_corners=aligned) for o in outputs[1:])]
    return [*outputs, torch.stack(on_grid).amax(0)]


def multi_scale_loss(outputs: Sequence[Tensor], labels: Tensor, *, align_corners: bool = False) -> Tensor:
    """Sum over ``multi_scale_logits`` of the mean cross-entropy with the labels on each one's own grid (255 ignored).

    labels: (B, H, W) uint8.  An output without any labelled cell adds 0, where the published loss is NaN.
    """
    grids = [resize_labels(labels, tuple(o.shape[-2:]), align_corners=align_corners) for o in outputs]
    return sum(_cross_entropy(o, target.long()) for o, target in zip(outputs, grids, strict=True))


def _cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    if torch.are_deterministic_algorithms_enabled():
        total = repeatable_cross_entropy(scores, target)
    else:
        total = F.cross_entropy(scores, target, ignore_index=255, reduction="sum")
    return total / (target != 255).sum().clamp(min=1)


def repeatable_cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    """The sum of cross-entropies over (B, H, W) int64 labels other than 255, of (B, C, H, W) logits; slower.

    torch's own loss of pictures (``NLLLoss`` in two dimensions) has no deterministic form on CUDA; a gather has.
    """
    labelled = target != 255
    chosen = scores.log_softmax(1).gather(1, torch.where(labelled, target, 0)[:, None])[:, 0]
    return -torch.where(labelled, chosen, 0).sum()
