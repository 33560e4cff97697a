"""ResNet-38, the wide and shallow residual network: model A1 of Wu, Shen & van den Hengel (Pattern Recognition 2019).

At output stride 8 and with two dropouts in each of its two widest blocks it has the layers that AffinityNet and SEAM
call ``resnet38d``; those freeze the first layers and every batch norm in training, which here train.
"""

import re

from torch import Tensor, nn

RESNET38_IDENTITY = {"network": "backbone", "backbone": "resnet38"}  # of the converted weights
DROPOUT = (0.3, 0.5)  # of the two bottlenecks, in AffinityNet's network


class WideBlock(nn.Module):
    """Pre-activated residual block of two 3×3 convolutions, or of three, 1×1, 3×3 and 1×1 (bottleneck).

    (B, ``inputs``, H, W) → (B, ``widths[-1]``, H / ``stride``, W / ``stride``); ``widths`` and ``dilations`` are of
    the convolutions.  The shortcut is the input itself or, where the shape changes, a 1×1 convolution of the activated
    input.  ``dropout`` of whole channels precedes every convolution of the branch but the first.
    """

    def __init__(
        self, inputs: int, widths: tuple[int, ...], *, stride: int = 1, dilations: tuple[int, ...], dropout: float = 0
    ):
        super().__init__()
        kernels = (3, 3) if len(widths) == 2 else (1, 3, 1)
        self.activate = _activation(inputs)
        layers: list[nn.Module] = [_convolution(inputs, widths[0], kernels[0], stride, dilations[0])]
        for place in range(1, len(widths)):
            before, width = widths[place - 1 : place + 1]
            layers += [_activation(before, dropout), _convolution(before, width, kernels[place], 1, dilations[place])]
        self.branch = nn.Sequential(*layers)
        self.shortcut = None if (inputs, stride) == (width, 1) else _convolution(inputs, width, 1, stride, 1)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.activate(x)
        return self.branch(activated) + (x if self.shortcut is None else self.shortcut(activated))


def _activation(channels: int, dropout: float = 0) -> nn.Sequential:
    dropped = [nn.Dropout2d(dropout)] if dropout else []
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True), *dropped)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, dilation: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation, bias=False)


def resnet38_stages(width: int = 64) -> tuple[list[nn.Module], list[int], list[int]]:
    """The seven levels at output stride 8, their channels and their strides.  ``width`` scales them (64: ResNet-38)."""
    w = width
    stages: list[nn.Module] = [nn.Conv2d(3, w, 3, padding=1, bias=False)]
    inputs = w
    for blocks, stride, middle, outputs, dilations in (
        (3, 2, 2 * w, 2 * w, (1, 1)),
        (3, 2, 4 * w, 4 * w, (1, 1)),
        (6, 2, 8 * w, 8 * w, (1, 1)),
        (3, 1, 8 * w, 16 * w, (2, 2)),
    ):
        # The convolution that lost its stride keeps the old dilation: its input is still dense.
        first = (1, dilations[1])
        level = [WideBlock(inputs, (middle, outputs), stride=stride, dilations=first)]
        level += [WideBlock(outputs, (middle, outputs), dilations=dilations) for _ in range(blocks - 1)]
        stages.append(nn.Sequential(*level))
        inputs = outputs
    bottlenecks = [
        WideBlock(16 * w * k, (8 * w * k, 16 * w * k, 32 * w * k), dilations=(1, 4, 1), dropout=dropout)
        for k, dropout in zip((1, 2), DROPOUT, strict=True)
    ]
    stages.append(nn.Sequential(bottlenecks[0]))
    stages.append(nn.Sequential(bottlenecks[1], nn.BatchNorm2d(64 * w), nn.ReLU(inplace=True)))
    return stages, [w * k for k in (1, 2, 4, 8, 16, 32, 64)], [1, 2, 4, 8, 8, 8, 8]


LAYERS = {  # of a block: (norm before it, convolution), MXNet's name → ours
    "branch2a": ("activate.0", "branch.0"),
    "branch2b1": ("branch.1.0", "branch.2"),
    "branch2b2": ("branch.3.0", "branch.4"),
    "branch1": (None, "shortcut"),
}
NORMS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_var": "running_var"}


def our_name(key: str) -> str | None:
    """A name in the published MXNet file as a name in ``StagedBackbone``; ``None`` for one that is not of ResNet-38.

    ``res4b2_branch2a_weight`` is ``stages.3.2.branch.0.weight``, ``bn7_gamma`` is ``stages.6.1.weight``.
    """
    if key == "conv1a_weight":
        return "stages.0.weight"
    if last := re.fullmatch(rf"bn7_({'|'.join(NORMS)})", key):
        return f"stages.6.1.{NORMS[last[1]]}"
    layer = re.fullmatch(rf"(res|bn)([2-7])(?:a|b(\d))_({'|'.join(LAYERS)})_(weight|{'|'.join(NORMS)})", key)
    if layer is None or (layer[1] == "res") != (layer[5] == "weight"):
        return None
    place = LAYERS[layer[4]][layer[1] == "res"]
    return place and f"stages.{int(layer[2]) - 1}.{layer[3] or 0}.{place}.{NORMS.get(layer[5], layer[5])}"
