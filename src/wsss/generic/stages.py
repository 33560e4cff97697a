"""The stages that run the classifier: class patterns, projections."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import image_folder
from wsss.batches import batches_of, chunks_of
from wsss.data import Picture, read_picture, squash
from wsss.generic.moments import Moments
from wsss.generic.network import trained_features
from wsss.generic.patterns import (
    Pattern,
    choose_images,
    load_patterns,
    orient,
    pattern_of,
    projection,
    save_patterns,
    write_images,
    write_table,
)
from wsss.input_sizes import aligned_size
from wsss.progress import Progress
from wsss.resampling import upsample_logits
from wsss.training import device


def find_patterns(
    pictures: list[Picture],
    class_names: list[str],
    settings: dict,
    *,
    seed: int,
    checkpoint: Path,
    patterns: Path,
    table: Path,
    images: Path,
    progress: Progress,
    workers: int = 1,
) -> None:
    """The pattern of every class (``class_names``: without background), all in one sweep over the pictures.

    Writes the patterns, a row on each, and the list of the pictures used.  The rule "extremes" alone needs a second
    sweep: extremes of a projection are known only after its direction.
    """
    chosen = choose_images(pictures, len(class_names), settings["generic.images_per_class"], seed)
    write_images(images, class_names, chosen)
    used = [p for p in pictures if any(p.image_id in chosen[c] for c in p.classes)]
    wanted = {c: set(ids) for c, ids in chosen.items()}
    sweep = partial(sweep_pictures, used, len(class_names), settings, checkpoint, progress=progress, workers=workers)
    moments, dimension = gather_moments(sweep(), wanted)
    found = []
    for c in progress(range(1, len(class_names) + 1), len(class_names), "classes"):
        found.append(pattern_of(moments.of(c), dimension))
        moments.sums.pop(c, None)
    if settings["generic.sign"] == "extremes":
        _add_extremes(found, sweep(), wanted)
    for name, pattern in zip(class_names, found, strict=True):
        orient(pattern, settings["generic.sign"])
        if pattern.note or pattern.rule != settings["generic.sign"]:
            progress.say(f"{name}: {pattern.note or 'sign'}; sign by {pattern.rule or 'no rule, there is no pattern'}")
    save_patterns(patterns, found, {"block": settings["generic.block"], "backbone": settings["classifier.backbone"]})
    write_table(table, found, class_names, chosen)


def export_projections(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    checkpoint: Path,
    patterns: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
) -> None:
    """Writes, per picture, ``{id}.npy``: (K, h, w) float32 projections on the patterns of its K classes, ascending."""
    loaded = load_patterns(patterns)
    with image_folder(folder, manifest) as aside:
        sweep = sweep_pictures(pictures, num_classes, settings, checkpoint, progress=progress, workers=workers)
        for batch, features, _ in sweep:
            for picture, values in zip(batch, features, strict=True):
                maps = torch.stack([projection(values, loaded[c - 1]) for c in picture.classes])
                np.save(aside / f"{picture.image_id}.npy", maps.cpu().numpy())


def input_side(settings: dict) -> int:
    """The side, px, of the squares that descriptors are taken from."""
    stride = settings["classifier.output_stride"]
    return aligned_size(settings["classifier.image_size"], settings["generic.input_scale"], stride)


def sweep_pictures(
    pictures: Sequence[Picture], num_classes: int, settings: dict, checkpoint: Path, *, progress: Progress, workers: int
) -> Iterator[tuple[Sequence[Picture], Tensor, Tensor]]:
    """Yields (pictures, (B, d, h, w) features of the block, (B, C, h, w) CAMs on the same grid), batch by batch.

    CAMs are clipped at 0 and have the maximum 1, so that every picture counts the same.
    """
    block = trained_features(checkpoint, settings, num_classes)
    side, size = input_side(settings), settings["classifier.batch_size"]
    chunks = chunks_of(pictures, size)
    aligned = settings["cam.align_corners"]
    batches = batches_of(chunks, lambda p: [squash(read_picture(p.path), side, aligned=aligned)], workers)
    for batch, (images,) in progress(batches, len(chunks), "batches"):
        with torch.inference_mode():
            features, maps = block(block.network.backbone.normalise(images.to(device())))
            cams = maps.relu()
            if cams.shape[-2:] != features.shape[-2:]:
                cams = upsample_logits(cams, tuple(features.shape[-2:]), align_corners=aligned)
            cams = cams / cams.amax((2, 3), keepdim=True).clamp_min(1e-12)
        yield batch, features, cams


def gather_moments(sweep: Iterator, wanted: dict[int, set[str]]) -> tuple[Moments, int]:
    """The moments of all classes, each over its ``wanted`` pictures, from one sweep; and the length of a descriptor.

    A thread adds a batch's descriptors, in the sweep's order, while the network runs on the next batch: it needs a
    second core, without which nothing is gained.
    """
    moments, dimension, adding = Moments(device()), 0, None
    with ThreadPoolExecutor(1) as beside:
        for batch, features, cams in sweep:
            dimension = features.shape[1]
            if adding:
                adding.result()
            adding = beside.submit(_add_batch, moments, batch, features, cams, wanted)
        if adding:
            adding.result()
    return moments, dimension


def _add_batch(
    moments: Moments, batch: Sequence[Picture], features: Tensor, cams: Tensor, wanted: dict[int, set[str]]
) -> None:
    """Adds a batch, picture by picture: what the classes of a picture have in common is computed once."""
    edge = torch.ones(features.shape[-2:], dtype=torch.bool)
    edge[1:-1, 1:-1] = False
    for picture, values, maps in zip(batch, features, cams, strict=True):
        classes = [c for c in picture.classes if picture.image_id in wanted[c]]
        if classes:
            descriptors = values.permute(1, 2, 0).flatten(0, 1)  # (h·w, d), as they lie in memory
            moments.add(classes, descriptors, maps[[c - 1 for c in classes]].flatten(1), edge.flatten())


def _add_extremes(patterns: list[Pattern], sweep: Iterator, wanted: dict[int, set[str]]) -> None:
    """Fills in the agreement "extremes": the mean over a class's pictures of maximum plus minimum."""
    sums: dict[int, list[float]] = {}
    for batch, features, _ in sweep:
        for picture, values in zip(batch, features, strict=True):
            for c in picture.classes:
                if picture.image_id in wanted[c] and patterns[c - 1].usable:
                    q = projection(values, patterns[c - 1])
                    sums.setdefault(c, []).append(float(q.max() + q.min()))
    for c, values in sums.items():
        patterns[c - 1].agreements["extremes"] = float(np.mean(values))
