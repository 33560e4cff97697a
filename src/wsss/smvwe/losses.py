"""The losses of SMVWE (Eq. 10), and their course over the epochs."""

import torch
import torch.nn.functional as F
from torch import Tensor

from wsss.classification import classification_loss
from wsss.smvwe.feedback import saliency_loss
from wsss.smvwe.network import WordNetwork
from wsss.smvwe.words import word_loss


def joint_losses(
    network: WordNetwork, features: Tensor, logits: Tensor, labels: Tensor, saliency: Tensor | None, settings: dict
) -> dict[str, Tensor]:
    """What is added up: the loss of word scores, of word frequencies, of maps pooled, and of the saliency.

    features: (B, D, h, w), logits: (B, L + 1, h, w), labels: (B, L) 0/1, saliency: (B, h, w) in [0, 1], which is None
    without saliency feedback.
    """
    detach = settings["smvwe.detach_features"]
    encoding = network.encoder(features.detach() if detach else features)
    image_scores = network.encoder.image_scores(encoding.frequency)
    losses = {
        "words": word_loss(network.word_scores(features.mean((2, 3))), encoding.present),
        "frequency": F.multilabel_soft_margin_loss(image_scores, labels),
    }
    if settings["smvwe.image_loss"]:
        losses["image"] = classification_loss(logits[:, :-1], labels)
    if saliency is not None:
        constants = {name: settings[f"smvwe.{name}"] for name in ("mu", "delta", "background_channel")}
        losses["saliency"] = saliency_loss(logits.softmax(1), saliency, labels, **constants)
    return losses


NAMES = ("words", "frequency", "image", "saliency")  # in the order of the history's columns


class LossCourse:
    """The means of single losses over each epoch; saved along with the state of a training."""

    def __init__(self) -> None:
        self.sums: dict[int, dict[str, Tensor]] = {}  # epoch → name → sum, and "steps", their number

    def add(self, epoch: int, losses: dict[str, Tensor]) -> None:
        sums = self.sums.setdefault(epoch, {})
        for name, value in {**losses, "steps": torch.ones(())}.items():
            sums[name] = sums.get(name, 0) + value.detach().to("cpu", torch.float64)

    def rows(self, history: list[dict[str, float]]) -> list[dict[str, float]]:
        """The rows of a training's history with a column ``{name}_loss`` for each loss."""
        return [row | self._means(row["epoch"]) for row in history]

    def state_dict(self) -> dict[str, Tensor]:
        return {f"{epoch}.{name}": value for epoch, sums in self.sums.items() for name, value in sums.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.sums = {}
        for key, value in state.items():
            epoch, _, name = key.partition(".")
            self.sums.setdefault(int(epoch), {})[name] = value

    def _means(self, epoch: int) -> dict[str, float]:
        sums = self.sums[epoch]
        return {f"{name}_loss": float(sums[name] / sums["steps"]) for name in NAMES if name in sums}
