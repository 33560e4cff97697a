"""The classification network with global reasoning, and the integral attention model, which differs in its head."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from wsss.backbones import StagedBackbone, build_backbone
from wsss.nsrom.global_reasoning import GlobalReasoning


class ActivationNetwork(nn.Module):
    """Backbone → head → global reasoning → 1×1 convolution to one activation map per class.

    ``integral=False``, the classifier: conv-R-conv-R-conv → GR → R → 1×1, new Conv2d N(0, √(2/(k²·out))).
    ``integral=True``, the integral attention model: conv-R-conv-R-conv-R → GR → 1×1, framework defaults.
    ``head="pretrained"`` takes the backbone's last stage (with its ReLU) in place of the three convolutions.
    ``head_rule="paper"`` gives the classifier's head the integral model's order, a ReLU after each convolution.
    ``nodes=None`` leaves the global reasoning unit out; ``reasoning_rule`` is its form of Eq. 2, ``reasoning_scale``
    where its batch norm's weight starts.
    ``forward``: (B, 3, H, W) normalised pictures → (B, C, h, w) maps; an image's class scores are their means.
    """

    def __init__(
        self,
        backbone: StagedBackbone,
        num_classes: int,
        *,
        head: str,
        width: int,
        nodes: int | None,
        integral: bool,
        head_rule: str = "code",
        reasoning_rule: str = "code",
        reasoning_scale: float = 1.0,
    ):
        super().__init__()
        self.backbone = backbone
        channels = backbone.channels[-1]
        self.head = nn.Sequential()
        relu_in_head = integral or (head == "convolutions" and head_rule == "paper")
        if head == "convolutions":
            layers: list[nn.Module] = []
            for inputs in (channels, width, width):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            self.head, channels = nn.Sequential(*(layers if relu_in_head else layers[:-1])), width
        self.reasoning = GlobalReasoning(channels, nodes, form=reasoning_rule) if nodes else nn.Identity()
        self.relu = nn.Identity() if relu_in_head else nn.ReLU()
        self.classes = nn.Conv2d(channels, num_classes, 1)
        if head == "convolutions" and not integral:
            self._initialise()
        if nodes:
            nn.init.constant_(self.reasoning.norm.weight, reasoning_scale)

    def _initialise(self) -> None:
        for module in [*self.head.modules(), *self.reasoning.modules(), self.classes]:
            if isinstance(module, nn.Conv2d):  # published code leaves the unit's two Conv1d as they are made
                size = math.prod(module.kernel_size) * module.out_channels
                nn.init.normal_(module.weight, std=math.sqrt(2 / size))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters without ImageNet weights."""
        return [*self.head.parameters(), *self.reasoning.parameters(), *self.classes.parameters()]

    def forward(self, x: Tensor) -> Tensor:
        return self.classes(self.relu(self.reasoning(self.head(self.backbone(x)[-1]))))


def build_network(
    settings: dict, num_classes: int, *, integral: bool, pretrained: bool = True, weights: Path | None = None
) -> ActivationNetwork:
    """The network of dotted ``settings`` (``classifier.*``) for ``num_classes`` classes without background.

    ``weights``: the file that the backbone starts from, see ``build_backbone``.
    """
    c = {k.removeprefix("classifier."): v for k, v in settings.items() if k.startswith("classifier.")}
    backbone = build_backbone(c["backbone"], output_stride=c["output_stride"], pretrained=pretrained, weights=weights)
    form = {k: c[k] for k in ("head", "width", "head_rule")} | {"nodes": None}
    if c["global_reasoning"]:
        form |= {k: c[k] for k in ("nodes", "reasoning_rule", "reasoning_scale")}
    network = ActivationNetwork(backbone, num_classes, **form, integral=integral)
    return network.to(memory_format=torch.channels_last)


def identity(settings: dict, num_classes: int, *, integral: bool) -> dict[str, str]:
    """What a checkpoint of this network says it is."""
    reasons = settings["classifier.global_reasoning"]
    said = {
        "network": "integral attention model" if integral else "classifier",
        "backbone": settings["classifier.backbone"],
        "head": f"{settings['classifier.head']} {settings['classifier.width']}",
        "output_stride": str(settings["classifier.output_stride"]),
        "nodes": str(settings["classifier.nodes"] if reasons else 0),
        "classes": str(num_classes),
    }
    if settings["classifier.head_rule"] != "code":
        said["head_rule"] = settings["classifier.head_rule"]
    if reasons and settings["classifier.reasoning_rule"] != "code":
        said["reasoning_rule"] = settings["classifier.reasoning_rule"]
    return said
