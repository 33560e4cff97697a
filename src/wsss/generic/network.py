"""The classifier's features: which of its blocks the paper's names mean, and how they are taken."""

from pathlib import Path

from torch import Tensor, nn

from wsss.backbone_names import classifier_backbone
from wsss.image_classifier import ImageClassifier, trained_classifier
from wsss.setting_types import ConfigError

# The paper's names. C41, C42, C43 are the three blocks of ResNet-101's last stage; elsewhere what comes nearest:
# VGG-16's conv5_1 to conv5_3 after their ReLU; of EfficientNet-Lite0 the last block of 192 channels, that of 320, and
# the 1280-channel convolution that the class scores are made of; of ResNet-38 the ends of its last three levels.
BLOCKS = {
    "resnet101": {"C41": "4.0", "C42": "4.1", "C43": "4.2"},
    "resnet38": {"C41": "4.2", "C42": "5.0", "C43": "6"},
    "vgg16": {"C41": "4.2", "C42": "4.4", "C43": "4.6"},
    "efficientnet_lite0": {"C41": "6.3", "C42": "7.0", "C43": "8"},
}


class BlockFeatures:
    """Calls a classifier and gives the features of one of its blocks as well: (B, d, h, w), and the maps.

    ``block``: C41, C42, C43, or the place of a module in the backbone's stages, as 4.0.  Raises ``ConfigError`` if the
    backbone has no such block.
    """

    def __init__(self, network: ImageClassifier, backbone_name: str, block: str):
        self.network = network
        path = BLOCKS.get(backbone_name, {}).get(block, block)
        try:
            module = network.backbone.stages.get_submodule(path)
        except AttributeError:
            raise ConfigError(
                f"generic.block is '{block}', which {backbone_name} does not have: name C41, C42, C43, or a stage and "
                "a place in it, as 4.0"
            ) from None
        module.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        self.features = output

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.network(x)
        return self.features, maps


def trained_features(checkpoint: Path, settings: dict, num_classes: int) -> BlockFeatures:
    """The features of ``generic.block`` of a trained classifier, for inference on this machine's device."""
    network = trained_classifier(checkpoint, settings, num_classes)
    return BlockFeatures(network, classifier_backbone(settings), settings["generic.block"])
