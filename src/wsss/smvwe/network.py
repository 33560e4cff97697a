"""The network of SMVWE: a backbone, one map for each class and the background, and the visual word encoder."""

from pathlib import Path

import torch
from torch import Tensor, nn

from wsss.backbone_names import classifier_backbone
from wsss.backbones import StagedBackbone, build_backbone
from wsss.checkpoints import load_checkpoint
from wsss.smvwe.words import WordEncoder
from wsss.training import device


class WordNetwork(nn.Module):
    """Backbone → features → 1×1 convolution to L + 1 maps, the last of which is the background's.

    ``encoder`` puts the features in words; ``word_scores`` predicts from pooled features which words are present.
    ``forward``: (B, 3, H, W) normalised pictures → (B, D, h, w) features, (B, L + 1, h, w) logits.
    """

    def __init__(self, backbone: StagedBackbone, num_classes: int, encoder: WordEncoder):
        super().__init__()
        self.backbone, self.encoder = backbone, encoder
        channels, words = encoder.codebook.shape[1], len(encoder.codebook)
        self.maps = nn.Conv2d(channels, num_classes + 1, 1)
        self.word_scores = nn.Linear(channels, words)

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters without ImageNet weights."""
        return [*self.maps.parameters(), *self.word_scores.parameters(), *self.encoder.parameters()]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.backbone(x)[-1]
        return features, self.maps(features)


def build_network(
    settings: dict, num_classes: int, *, pretrained: bool = True, weights: Path | None = None
) -> WordNetwork:
    """The network of dotted ``settings`` for ``num_classes`` classes without background.

    ``weights``: the file that the backbone starts from, see ``build_backbone``.
    """
    name, stride = classifier_backbone(settings), settings["classifier.output_stride"]
    backbone = build_backbone(name, output_stride=stride, pretrained=pretrained, weights=weights)
    encoder = WordEncoder(
        backbone.channels[-1],
        num_classes,
        words=settings["smvwe.words"],
        temperature=settings["smvwe.temperature"],
        distance=settings["smvwe.distance"],
        nearest=settings["smvwe.nearest_word"],
    )
    return WordNetwork(backbone, num_classes, encoder).to(memory_format=torch.channels_last)


def identity(settings: dict, num_classes: int) -> dict[str, str]:
    """What a checkpoint of this network says it is."""
    return {
        "network": "visual word encoder",
        "backbone": settings["classifier.backbone"],
        "output_stride": str(settings["classifier.output_stride"]),
        "words": str(settings["smvwe.words"]),
        "classes": str(num_classes),
    }


def trained_network(checkpoint: Path, settings: dict, num_classes: int) -> WordNetwork:
    """A trained network, for inference on this machine's device."""
    network = build_network(settings, num_classes, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings, num_classes))
    return network.to(device()).eval()
