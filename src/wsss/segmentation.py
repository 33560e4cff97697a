"""The segmentation network's stages, shared by all methods: training on label folders, prediction, evaluation."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import image_folder, written_aside
from wsss.augment import jitter_colour, scale_crop_flip
from wsss.backbones import build_backbone
from wsss.batches import batches_of
from wsss.checkpoints import load_checkpoint, save_checkpoint
from wsss.crf import refine_present
from wsss.data import DataError, Picture, read_picture, squash
from wsss.deeplab import DeepLabV2, segmentation_loss
from wsss.label_io import read_label, write_label
from wsss.metrics import confusion_matrix, iou, mean_iou, pixel_accuracy
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resampling import aligned_size, upsample_logits
from wsss.training import device, train, write_history

LOSS_STRIDE = 2  # every second label in both directions: a quarter of the pixels to compare


def build_segmentation(settings: dict, num_classes: int, *, pretrained: bool) -> DeepLabV2:
    """DeepLab of the dotted ``segmentation.*`` settings; ``num_classes`` counts the background."""
    backbone = build_backbone(
        settings["segmentation.backbone"], output_stride=settings["segmentation.output_stride"], pretrained=pretrained
    )
    if settings["segmentation.backbone"] == "efficientnet_lite0":
        backbone.drop_last_stage()  # its 1280-channel convolution serves classification and costs a third of a step
    rates, width = settings["segmentation.rates"], settings["segmentation.decoder_width"]
    network = DeepLabV2(backbone, num_classes, rates=rates, decoder_width=width)
    return network.to(memory_format=torch.channels_last)


def identity(settings: dict, num_classes: int) -> dict[str, str]:
    """What a checkpoint of this network says it is."""
    return {
        "network": "DeepLab-v2",
        "backbone": settings["segmentation.backbone"],
        "output_stride": str(settings["segmentation.output_stride"]),
        "rates": str(settings["segmentation.rates"]),
        "decoder": str(settings["segmentation.decoder_width"]),
        "classes": str(num_classes),
    }


def train_segmentation(
    pictures: list[Picture],
    label_of: Callable[[Picture], Path],
    num_classes: int,
    settings: dict,
    *,
    seed: int,
    round_number: int,
    checkpoint: Path,
    history: Path,
    progress: Progress,
    workers: int = 1,
) -> None:
    """Trains DeepLab from ImageNet weights on the labels that ``label_of`` names; writes checkpoint and history.

    Pictures whose label is 255 everywhere teach nothing and are left out; the log tells how many.  Raises ``DataError``
    if none is left.
    """
    s = {k.removeprefix("segmentation."): v for k, v in settings.items() if k.startswith("segmentation.")}
    usable = [p for p in progress(pictures, len(pictures)) if (read_label(label_of(p)) != 255).any()]
    progress.say(f"{len(pictures) - len(usable)} of {len(pictures)} pictures have no labelled pixel and are left out")
    if not usable:
        raise DataError(f"no picture has a labelled pixel in {label_of(pictures[0]).parent}: look at the stage before")
    network_seed = int(generator("segmentation", seed, round_number).integers(2**31))
    torch.manual_seed(network_seed)
    network = build_segmentation(settings, num_classes, pretrained=True).to(device())
    fill = tuple(float(v) for v in network.backbone.mean.flatten())

    def sample(epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        picture, size = usable[index], s["image_size"]
        rng = generator("segmentation", network_seed, epoch, index)
        label = read_label(label_of(picture))
        label = cv2.resize(label, (size, size), interpolation=cv2.INTER_NEAREST)
        image, label = scale_crop_flip(read_picture(picture.path, size), label, s["scale"], fill, rng)
        return jitter_colour(image, s["jitter"], rng), label

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, labels = batch
        return segmentation_loss(network(network.backbone.normalise(images)), labels, stride=LOSS_STRIDE)

    rows = train(
        network,
        sample,
        loss,
        count=len(usable),
        epochs=s["epochs"],
        batch_size=s["batch_size"],
        optimiser={k.removeprefix("optimiser."): v for k, v in s.items() if k.startswith("optimiser.")},
        seed=network_seed,
        progress=progress,
        names=[p.image_id for p in usable],
        freeze_batch_norm=s["freeze_batch_norm"],
        workers=workers,
    )
    write_history(history, rows)
    save_checkpoint(checkpoint, network, identity(settings, num_classes))


def predict_probabilities(
    pictures: list[Picture], num_classes: int, settings: dict, checkpoint: Path, progress: Progress, workers: int = 1
) -> Iterator[tuple[Picture, np.ndarray, np.ndarray]]:
    """Yields (picture, image (H, W, 3) uint8, class probabilities (C, H, W) float32 at the picture's size)."""
    network = build_segmentation(settings, num_classes, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings, num_classes))
    network.to(device()).eval()
    base, stride = settings["segmentation.image_size"], settings["segmentation.output_stride"]
    sizes = [aligned_size(base, scale, stride) for scale in settings["prediction.scales"]]

    def read(picture: Picture) -> list[np.ndarray]:
        image = read_picture(picture.path)
        return [squash(image, size) for size in sizes]

    batches = batches_of(pictures, read, settings["segmentation.batch_size"], workers)
    total = -(-len(pictures) // settings["segmentation.batch_size"])
    for chunk, images in progress(batches, total, "batches"):
        scores = _scores(network, images, settings)
        for picture, values in zip(chunk, scores, strict=True):
            full = upsample_logits(values[None], (picture.height, picture.width))[0]
            yield picture, read_picture(picture.path), full.softmax(0).cpu().numpy()


@torch.inference_mode()
def _scores(network: DeepLabV2, images: list[Tensor], settings: dict) -> Tensor:
    """Logits (max) or log probabilities (mean) over scales and flips, on the finest scale's grid."""
    outputs = []
    for image in images:
        x = network.backbone.normalise(image.to(device()))
        outputs.append(network(x))
        if settings["prediction.flip"]:
            outputs.append(network(x.flip(3)).flip(3))
    finest = max(tuple(o.shape[-2:]) for o in outputs)
    same = [o if tuple(o.shape[-2:]) == finest else upsample_logits(o, finest) for o in outputs]
    if len(same) == 1:
        return same[0]
    if settings["prediction.reduce"] == "max":
        return torch.stack(same).amax(0)
    return torch.stack([o.softmax(1) for o in same]).mean(0).clamp_min(1e-12).log()


def refine(image: np.ndarray, probabilities: np.ndarray, settings: dict) -> np.ndarray:
    """The label (H, W) uint8 after dense CRF with the ``prediction.crf.*`` settings."""
    c = {k.removeprefix("prediction.crf."): v for k, v in settings.items() if k.startswith("prediction.crf.")}
    names = (
        "iterations", "positional_weight", "positional_std", "bilateral_weight", "bilateral_std", "colour_std",
    )  # fmt: skip
    constants = {name: c[name] for name in names}
    if c["size"] is None:
        return refine_present(image, probabilities, minimum=c["minimum_probability"], **constants)
    height, width = image.shape[:2]
    side = c["size"]
    small = np.stack([cv2.resize(p, (side, side), interpolation=cv2.INTER_LINEAR) for p in probabilities])
    label = refine_present(squash(image, side), small, minimum=c["minimum_probability"], **constants)
    return cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST)


def predict(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    *,
    checkpoint: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
) -> None:
    """Writes the predictions on ``pictures`` as label PNGs (with CRF if enabled)."""
    with image_folder(folder, manifest) as aside:
        for picture, image, probabilities in predict_probabilities(
            pictures, num_classes, settings, checkpoint, progress, workers
        ):
            if settings["prediction.filter_by_labels"]:
                probabilities = keep_classes(probabilities, picture.classes)
            enabled = settings["prediction.crf.enabled"]
            label = refine(image, probabilities, settings) if enabled else probabilities.argmax(0).astype(np.uint8)
            write_label(aside / f"{picture.image_id}.png", label)


def keep_classes(probabilities: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """Probabilities of background and ``classes`` only, summing to 1 again."""
    kept = np.zeros_like(probabilities)
    chosen = [0, *classes]
    kept[chosen] = probabilities[chosen]
    return kept / np.maximum(kept.sum(0), 1e-12)


def evaluate(
    pictures: list[Picture],
    masks: dict[str, Path],
    class_names: list[str],
    settings: dict,
    *,
    checkpoint: Path,
    metrics: Path,
    per_class: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
) -> None:
    """Scores predictions with and without CRF against ``masks``; writes metrics, per-class IoU, and the predictions."""
    count = len(class_names)
    sums = {"raw": np.zeros((count, count), np.int64), "crf": np.zeros((count, count), np.int64)}
    with image_folder(folder, manifest) as aside:
        for picture, image, probabilities in predict_probabilities(
            pictures, count, settings, checkpoint, progress, workers
        ):
            truth = read_label(masks[picture.image_id])
            labels = {"raw": probabilities.argmax(0).astype(np.uint8), "crf": refine(image, probabilities, settings)}
            for name, label in labels.items():
                sums[name] += confusion_matrix(label, truth, count)
            write_label(aside / f"{picture.image_id}.png", labels["crf"])
    scores = {name: _scores_of(matrix, class_names) for name, matrix in sums.items()}
    report = {"images": len(pictures), **scores, "conditions": _conditions(settings)}
    with written_aside(metrics) as aside:
        aside.write_text(json.dumps(report, indent=2) + "\n")
    with written_aside(per_class) as aside, open(aside, "w", newline="") as stream:
        rows = [(n, scores["raw"]["iou"][n], scores["crf"]["iou"][n]) for n in class_names]
        csv.writer(stream).writerows([("class", "iou", "iou_crf"), *rows])
    progress.say(f"mIoU {100 * scores['raw']['miou']:.1f} %, with CRF {100 * scores['crf']['miou']:.1f} %")


def _scores_of(confusion: np.ndarray, class_names: list[str]) -> dict:
    values = [None if np.isnan(v) else float(v) for v in iou(confusion)]
    return {
        "miou": mean_iou(confusion),
        "pixel_accuracy": pixel_accuracy(confusion),
        "iou": dict(zip(class_names, values, strict=True)),
    }


def _conditions(settings: dict) -> dict:
    keys = [k for k in settings if k.startswith("prediction.") and "crf" not in k]
    return {**{k.removeprefix("prediction."): settings[k] for k in keys}, "init": "ImageNet"}
