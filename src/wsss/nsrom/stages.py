"""The stages that train or run NSROM's classification networks: classifier with OAA, IAM, and map export."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import image_folder, is_done
from wsss.batches import batches_of, chunks_of
from wsss.checkpoints import load_checkpoint, save_checkpoint
from wsss.class_maps import quantise
from wsss.classification import classification_loss, image_scores, jittered, one_hot, train_section
from wsss.data import Picture, read_picture, squash
from wsss.input_sizes import aligned_size
from wsss.map_io import read_maps, write_maps
from wsss.nsrom.attention import accumulate
from wsss.nsrom.integral import integral_attention_loss
from wsss.nsrom.network import build_network, identity
from wsss.progress import Progress
from wsss.resampling import upsample_logits
from wsss.resuming import SavedState
from wsss.training import device, write_history


def train_classifier(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    seed: int,
    checkpoint: Path,
    attention: Path,
    manifest: Path,
    history: Path,
    progress: Progress,
    weights: Path | None = None,
    workers: int = 1,
    state: SavedState | None = None,
) -> None:
    """Trains the classifier on image-level labels and accumulates its attention meanwhile (OAA).

    ``num_classes`` counts no background.  Writes the checkpoint, one file of accumulated maps per picture, the history.
    """
    torch.manual_seed(seed)
    network = build_network(settings, num_classes, integral=False, weights=weights).to(device())
    oaa = _Accumulation(pictures, settings)
    epochs = settings["classifier.epochs"]

    def sample(epoch: int, index: int) -> tuple[np.ndarray, ...]:
        return jittered(pictures[index], settings, seed, epoch, index), one_hot(pictures[index], num_classes)

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, labels = batch
        maps = network(network.backbone.normalise(images)).float()
        if epoch >= settings["attention.first_epoch"]:
            oaa.add(indices, maps.detach().cpu(), last=epoch == epochs - 1)
        return classification_loss(maps, labels)

    run = {"seed": seed, "progress": progress, "workers": workers, "state": state, "companion": oaa}
    rows = train_section(network, sample, loss, pictures, settings, "classifier", **run)
    with image_folder(attention, manifest) as folder:
        for picture, maps in zip(pictures, oaa.maps, strict=True):
            write_maps(folder / f"{picture.image_id}.png", np.stack([maps[c] for c in picture.classes]))
    write_history(history, rows)
    save_checkpoint(checkpoint, network, identity(settings, num_classes, integral=False))


def train_integral(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    seed: int,
    attention: Path,
    checkpoint: Path,
    history: Path,
    progress: Progress,
    weights: Path | None = None,
    workers: int = 1,
    state: SavedState | None = None,
) -> None:
    """Trains the integral attention model from initial ``weights`` on the accumulated maps in folder ``attention``."""
    torch.manual_seed(seed + 1)
    network = build_network(settings, num_classes, integral=True, weights=weights).to(device())

    def sample(epoch: int, index: int) -> tuple[np.ndarray, ...]:
        picture = pictures[index]
        maps = read_maps(attention / f"{picture.image_id}.png", picture.classes)
        target = np.zeros((num_classes, *next(iter(maps.values())).shape), np.float32)
        for class_index, values in maps.items():
            target[class_index - 1] = values / np.float32(255)
        return jittered(picture, settings, seed, epoch, index), target

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, target = batch
        return integral_attention_loss(network(network.backbone.normalise(images)).float(), target)

    run = {"seed": seed, "progress": progress, "workers": workers, "state": state}
    rows = train_section(network, sample, loss, pictures, settings, "integral", **run)
    write_history(history, rows)
    save_checkpoint(checkpoint, network, identity(settings, num_classes, integral=True))


def export_maps(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    integral: bool,
    checkpoint: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
    key: str | None = None,
) -> None:
    """Writes the class activation maps (CAM, or OA-CAM with ``integral``) of each picture's image-level classes.

    Maps of several scales are averaged after ReLU on the finest one's grid; the maximum of a map becomes 255.
    ``key``: see ``image_folder``.
    """
    network = build_network(settings, num_classes, integral=integral, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings, num_classes, integral=integral))
    network.to(device()).eval()
    scales = settings["cam.integral_scales" if integral else "cam.scales"]
    base = settings["classifier.image_size"]
    sizes = [aligned_size(base, scale, settings["classifier.output_stride"]) for scale in scales]

    def read(picture: Picture) -> list[np.ndarray]:
        image = read_picture(picture.path)
        return [squash(image, size, aligned=settings["cam.align_corners"]) for size in sizes]

    with image_folder(folder, manifest, key) as aside, torch.inference_mode():
        chunks = chunks_of(pictures, settings["classifier.batch_size"], lambda p: is_done(aside, p.image_id))
        for chunk, images in progress(batches_of(chunks, read, workers), len(chunks), "batches"):
            maps = _averaged_maps(network, images, align_corners=settings["cam.align_corners"]).cpu().numpy()
            for picture, all_maps in zip(chunk, maps, strict=True):
                kept = [quantise(all_maps[c - 1]) for c in picture.classes]
                write_maps(aside / f"{picture.image_id}.png", np.stack(kept))


def _averaged_maps(network: torch.nn.Module, images: list[Tensor], *, align_corners: bool) -> Tensor:
    maps = [network(network.backbone.normalise(i.to(device()))).relu() for i in images]
    if len(maps) == 1:
        return maps[0]
    finest = max(tuple(m.shape[-2:]) for m in maps)
    return sum(upsample_logits(m, finest, align_corners=align_corners) for m in maps) / len(maps)


class _Accumulation:
    """Online attention accumulation over all pictures: 8-bit maps at the network's own resolution."""

    def __init__(self, pictures: list[Picture], settings: dict):
        self.pictures = pictures
        self.minimum_score = settings["attention.minimum_score"]
        self.maps: list[dict[int, np.ndarray]] = [{} for _ in pictures]

    def add(self, indices: np.ndarray, maps: Tensor, *, last: bool) -> None:
        scores = image_scores(maps).sigmoid().numpy()
        for index, values, score in zip(indices, maps.numpy(), scores, strict=True):
            stored = self.maps[index]
            for c in self.pictures[index].classes:
                merged = accumulate(
                    stored.get(c), values[c - 1], float(score[c - 1]), minimum_score=self.minimum_score,
                    force=last and c not in stored,
                )  # fmt: skip
                if merged is not None:
                    stored[c] = merged

    def state_dict(self) -> dict[str, Tensor]:
        """For saving: ``pairs`` (N, 2), index of the picture and class, and their ``maps`` (N, h, w) uint8."""
        found = [(index, c, m) for index, stored in enumerate(self.maps) for c, m in stored.items()]
        maps = np.stack([m for _, _, m in found]) if found else np.zeros((0, 0, 0), np.uint8)
        pairs = np.array([(index, c) for index, c, _ in found], np.int64).reshape(-1, 2)
        return {"pairs": torch.from_numpy(pairs), "maps": torch.from_numpy(maps)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        for (index, c), values in zip(state["pairs"].tolist(), state["maps"].numpy(), strict=True):
            self.maps[index][c] = values
