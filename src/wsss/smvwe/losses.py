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


class LossCourse:
    """The means of single losses over each epoch; saved along with the state of a training."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.sums: dict[int, Tensor] = {}  # epoch → sums in the order of the names, and the number of steps

    def add(self, epoch: int, losses: dict[str, Tensor]) -> None:
        self.names = tuple(losses)
        values = torch.tensor([*(float(v.detach()) for v in losses.values()), 1.0], dtype=torch.float64)
        self.sums[epoch] = self.sums.get(epoch, 0) + values

    def rows(self, history: list[dict[str, float]]) -> list[dict[str, float]]:
        """The rows of a training's history with a column ``{name}_loss`` for each loss."""
        means = {epoch: (sums[:-1] / sums[-1]).tolist() for epoch, sums in self.sums.items()}
        columns = [f"{name}_loss" for name in self.names]
        return [row | dict(zip(columns, means[row["epoch"]], strict=True)) for row in history]

    def state_dict(self) -> dict[str, Tensor]:
        return {str(epoch): sums for epoch, sums in self.sums.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.sums = {int(epoch): sums for epoch, sums in state.items()}
