"""The stages that train and run the network: training, and export of the maps."""

from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import image_folder, is_done
from wsss.batches import batches_of, chunks_of
from wsss.checkpoints import save_checkpoint
from wsss.class_maps import relative
from wsss.classification import one_hot, train_section
from wsss.data import Picture, read_picture, resized
from wsss.map_io import write_maps
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resampling import upsample_logits
from wsss.resuming import SavedState
from wsss.smvwe.losses import LossCourse, joint_losses
from wsss.smvwe.network import WordNetwork, build_network, identity, trained_network
from wsss.smvwe.samples import inference_sizes, saliency_on_grid, training_sample
from wsss.training import device, write_history

FIRST_PICTURES = 64  # so many, drawn by seed, give the words to begin with


def train_network(
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
    """Trains maps and words jointly, on image-level labels and, with saliency feedback, saliency maps.

    ``num_classes`` counts no background.  Writes the checkpoint, and the history with the course of each loss.
    """
    torch.manual_seed(seed)
    network = build_network(settings, num_classes, weights=weights).to(device())
    fill = tuple(float(v) for v in network.backbone.mean.flatten())
    draw = partial(training_sample, settings=settings, fill=fill, seed=seed)
    network.encoder.start_from(first_words(network, pictures, draw, settings, seed))
    course = LossCourse()

    def sample(epoch: int, index: int) -> tuple[np.ndarray, ...]:
        shown = draw(pictures[index], epoch=epoch, index=index)
        return *shown, one_hot(pictures[index], num_classes)

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, *saliency, labels = batch
        features, logits = (x.float() for x in network(network.backbone.normalise(images)))
        grid = partial(saliency_on_grid, size=tuple(logits.shape[-2:]), aligned=settings["cam.align_corners"])
        salient = grid(saliency[0]) if saliency else None
        losses = joint_losses(network, features, logits, labels, salient, settings)
        course.add(epoch, losses)
        return sum(losses.values())

    run = {"seed": seed, "progress": progress, "workers": workers, "state": state, "companion": course}
    rows = train_section(network, sample, loss, pictures, settings, "smvwe", **run)
    write_history(history, course.rows(rows))
    save_checkpoint(checkpoint, network, identity(settings, num_classes))


@torch.no_grad()
def first_words(network: WordNetwork, pictures: Sequence[Picture], draw, settings: dict, seed: int) -> Tensor:
    """(N, D) features of pixels, drawn by ``seed`` from pictures that are drawn by it.

    They are the features of a training step, whose batch norms see the batch; the network stays as it is.
    """
    order = generator("first pictures", seed).permutation(len(pictures))[:FIRST_PICTURES]
    copy, count = deepcopy(network).train(), settings["smvwe.words"]
    chosen, found, before = None, {}, 0
    for chunk in chunks_of(order, settings["smvwe.batch_size"]):
        images = np.stack([draw(pictures[i], epoch=0, index=int(i))[0] for i in chunk])
        features, _ = copy(copy.backbone.normalise(torch.from_numpy(images).to(device())))
        pixels = features.permute(0, 2, 3, 1).flatten(0, 2)
        if chosen is None:  # all pictures have as many pixels, and only those chosen are kept
            total = len(order) * len(pixels) // len(chunk)
            chosen = generator("first words", seed).choice(total, count, replace=total < count)
        here = np.flatnonzero((chosen >= before) & (chosen < before + len(pixels)))
        rows = pixels[torch.from_numpy(chosen[here] - before).to(pixels.device)].float()
        found |= dict(zip(here.tolist(), rows, strict=True))
        before += len(pixels)
    return torch.stack([found[i] for i in range(count)])


def export_maps(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    checkpoint: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
    key: str | None = None,
) -> None:
    """Writes the maps of each picture's image-level classes, 8 bit, the maximum of a map being 255.

    Maps of several scales and of the mirrored picture are added on the finest grid.  ``key``: see ``image_folder``.
    """
    network = trained_network(checkpoint, settings, num_classes)
    own_size = settings["smvwe.crop_size"] is not None
    batch_size = 1 if own_size else settings["smvwe.batch_size"]

    def read(picture: Picture) -> list[np.ndarray]:
        image = read_picture(picture.path)
        sizes = inference_sizes(picture, settings)
        return [resized(image, size, aligned=settings["cam.align_corners"]) for size in sizes]

    with image_folder(folder, manifest, key) as aside, torch.inference_mode():
        chunks = chunks_of(pictures, batch_size, lambda p: is_done(aside, p.image_id))
        for chunk, images in progress(batches_of(chunks, read, workers), len(chunks), "batches"):
            maps = added_maps(network, images, settings)
            for picture, all_maps in zip(chunk, maps, strict=True):
                kept = np.stack([eight_bit(all_maps[c - 1]) for c in picture.classes])
                write_maps(aside / f"{picture.image_id}.png", kept)


def added_maps(network: WordNetwork, images: Sequence[Tensor], settings: dict) -> np.ndarray:
    """(B, L, h, w) float32 maps on the finest grid, from (B, H, W, 3) uint8 pictures at several scales."""
    maps = []
    for image in images:
        x = network.backbone.normalise(image.to(device()))
        maps.append(class_maps(network(x)[1], settings))
        if settings["smvwe.mirror"]:
            maps.append(class_maps(network(x.flip(3))[1], settings).flip(3))
    finest = tuple(maps[-1].shape[-2:])
    aligned = settings["cam.align_corners"]
    return sum(upsample_logits(m, finest, align_corners=aligned) for m in maps).cpu().numpy()


def class_maps(logits: Tensor, settings: dict) -> Tensor:
    """(B, L + 1, h, w) logits → (B, L, h, w) maps: probabilities, or without saliency feedback CAMs clipped at 0.

    Without the feedback nothing trains the background's channel, so that the classes do not compete with it.
    """
    if settings["smvwe.saliency_feedback"]:
        return logits.float().softmax(1)[:, :-1]
    return logits.float()[:, :-1].relu()


def eight_bit(values: np.ndarray) -> np.ndarray:
    """(h, w) values of at least 0 → uint8, the maximum at 255; a map of zeros stays one.

    Raises ``ValueError`` if a value is NaN or infinite.
    """
    return np.rint(255 * relative(values)).astype(np.uint8)
