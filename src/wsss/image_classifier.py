"""The plain image classifier, whose class activation maps are its last layer's: network and training."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from wsss.backbone_names import classifier_backbone
from wsss.backbones import StagedBackbone, build_backbone
from wsss.checkpoints import load_checkpoint, save_checkpoint
from wsss.classification import classification_loss, jittered, one_hot, train_section
from wsss.data import Picture
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resuming import SavedState
from wsss.training import device, write_history


class ImageClassifier(nn.Module):
    """Backbone → 1×1 convolution to one activation map per class (the CAM); an image's scores are their means.

    ``forward``: (B, 3, H, W) normalised pictures → (B, C, h, w) maps.
    """

    def __init__(self, backbone: StagedBackbone, num_classes: int):
        super().__init__()
        self.backbone = backbone
        self.classes = nn.Conv2d(backbone.channels[-1], num_classes, 1)

    def new_parameters(self) -> list[nn.Parameter]:
        """The parameters without ImageNet weights."""
        return list(self.classes.parameters())

    def forward(self, x: Tensor) -> Tensor:
        return self.classes(self.backbone(x)[-1])


def build_classifier(
    settings: dict, num_classes: int, *, pretrained: bool = True, weights: Path | None = None
) -> ImageClassifier:
    """The network of dotted ``settings`` (``classifier.*``) for ``num_classes`` classes without background."""
    name = classifier_backbone(settings)
    stride = settings["classifier.output_stride"]
    backbone = build_backbone(name, output_stride=stride, pretrained=pretrained, weights=weights)
    return ImageClassifier(backbone, num_classes).to(memory_format=torch.channels_last)


def identity(settings: dict, num_classes: int) -> dict[str, str]:
    """What a checkpoint of this network says it is."""
    return {
        "network": "image classifier",
        "backbone": settings["classifier.backbone"],
        "output_stride": str(settings["classifier.output_stride"]),
        "classes": str(num_classes),
    }


def trained_classifier(checkpoint: Path, settings: dict, num_classes: int) -> ImageClassifier:
    """A trained classifier, for inference on this machine's device."""
    network = build_classifier(settings, num_classes, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings, num_classes))
    return network.to(device()).eval()


def train_classifier(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    seed: int,
    checkpoint: Path,
    history: Path,
    progress: Progress,
    weights: Path | None = None,
    workers: int = 1,
    state: SavedState | None = None,
) -> None:
    """Trains the classifier on image-level labels: colour jitter and flips, multi-label soft margin.

    ``num_classes`` counts no background.  Writes the checkpoint and the history.
    """
    torch.manual_seed(seed)
    network = build_classifier(settings, num_classes, weights=weights).to(device())

    def sample(epoch: int, index: int) -> tuple[np.ndarray, ...]:
        image = jittered(pictures[index], settings, seed, epoch, index)
        flipped = generator("flip", seed, epoch, index).random() < 0.5
        return np.ascontiguousarray(image[:, ::-1] if flipped else image), one_hot(pictures[index], num_classes)

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, labels = batch
        return classification_loss(network(network.backbone.normalise(images)).float(), labels)

    run = {"seed": seed, "progress": progress, "workers": workers, "state": state}
    rows = train_section(network, sample, loss, pictures, settings, "classifier", **run)
    write_history(history, rows)
    save_checkpoint(checkpoint, network, identity(settings, num_classes))
