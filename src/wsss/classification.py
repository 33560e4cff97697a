"""Training on image-level labels: what the classification networks of all methods share."""

from collections.abc import Callable

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from wsss.augment import jitter_colour
from wsss.data import Picture, read_picture, squash
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resuming import Companion, SavedState
from wsss.training import train


def image_scores(maps: Tensor) -> Tensor:
    """Global average pooling: (B, C, h, w) → (B, C) logits."""
    return maps.mean(dim=(2, 3))


def classification_loss(maps: Tensor, labels: Tensor) -> Tensor:
    """NSROM's Eq. 4, the multi-label soft margin on pooled maps; labels: (B, C) 0/1."""
    return F.multilabel_soft_margin_loss(image_scores(maps), labels)


def one_hot(picture: Picture, num_classes: int) -> np.ndarray:
    """The image-level labels as (C,) float32 0/1; ``num_classes`` counts no background."""
    labels = np.zeros(num_classes, np.float32)
    labels[[c - 1 for c in picture.classes]] = 1
    return labels


def jittered(picture: Picture, settings: dict, seed: int, epoch: int, index: int) -> np.ndarray:
    """The squashed picture with colour jitter; no crop and no flip, since either would break accumulated maps."""
    aligned = settings["cam.align_corners"]
    image = squash(read_picture(picture.path), settings["classifier.image_size"], aligned=aligned)
    return jitter_colour(image, settings["classifier.jitter"], generator("jitter", seed, epoch, index))


def train_section(
    network: nn.Module,
    sample: Callable,
    loss: Callable,
    pictures: list[Picture],
    settings: dict,
    section: str,
    *,
    seed: int,
    progress: Progress,
    workers: int = 1,
    state: SavedState | None = None,
    companion: Companion | None = None,
) -> list[dict[str, float]]:
    """``wsss.training.train`` with the length, batch size and optimiser of the dotted settings ``{section}.*``."""
    own = {k.removeprefix(f"{section}."): v for k, v in settings.items() if k.startswith(f"{section}.")}
    return train(
        network,
        sample,
        loss,
        count=len(pictures),
        epochs=own["epochs"],
        iterations=own.get("iterations"),
        batch_size=own["batch_size"],
        optimiser={k.removeprefix("optimiser."): v for k, v in own.items() if k.startswith("optimiser.")},
        seed=seed,
        progress=progress,
        names=[p.image_id for p in pictures],
        workers=workers,
        state=state,
        companion=companion,
    )
