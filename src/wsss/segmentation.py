"""The segmentation network's stages, shared by all methods: training on label folders, prediction."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import image_folder, is_done
from wsss.augment import jitter_colour, scale_and_crop, scale_crop_flip
from wsss.backbone_names import segmentation_backbone
from wsss.backbones import build_backbone
from wsss.batches import batches_of, chunks_of
from wsss.checkpoints import load_checkpoint, save_checkpoint
from wsss.crf import refine
from wsss.data import DataError, Picture, read_picture, squash
from wsss.deeplab import DeepLabV2, multi_scale_logits, multi_scale_loss, segmentation_loss
from wsss.input_sizes import aligned_size
from wsss.label_io import read_label, write_label
from wsss.parallel import map_stream
from wsss.parts import gather
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resampling import resize_labels, scale_input, upsample_logits
from wsss.resuming import SavedState
from wsss.training import device, train, write_history

LOSS_STRIDE = 2  # every second label in both directions: a quarter of the pixels to compare


def build_segmentation(settings: dict, num_classes: int, *, pretrained: bool, weights: Path | None = None) -> DeepLabV2:
    """DeepLab of the dotted ``segmentation.*`` settings; ``num_classes`` counts the background.

    ``weights``: the file that the backbone starts from, see ``build_backbone``.
    """
    name = segmentation_backbone(settings)
    backbone = build_backbone(
        name, output_stride=settings["segmentation.output_stride"], pretrained=pretrained, weights=weights
    )
    if name == "efficientnet_lite0":
        backbone.drop_last_stage()  # its 1280-channel convolution serves classification and costs a third of a step
    form = {k: settings[f"segmentation.{k}"] for k in ("rates", "head_width", "decoder_width")}
    return DeepLabV2(backbone, num_classes, **form).to(memory_format=torch.channels_last)


def identity(settings: dict, num_classes: int) -> dict[str, str]:
    """What a checkpoint of this network says it is."""
    said = {
        "network": "DeepLab-v2",
        "backbone": segmentation_backbone(settings).removesuffix("_deeplab"),
        "output_stride": str(settings["segmentation.output_stride"]),
        "rates": str(settings["segmentation.rates"]),
        "decoder": str(settings["segmentation.decoder_width"]),
        "classes": str(num_classes),
    }
    if settings["segmentation.head_width"] is not None:
        said["head_width"] = str(settings["segmentation.head_width"])
    return said


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
    weights: Path | None = None,
    workers: int = 1,
    state: SavedState | None = None,
) -> None:
    """Trains DeepLab from initial ``weights`` on the labels that ``label_of`` names; writes checkpoint and history.

    Pictures whose label is 255 everywhere teach nothing and are left out; the log tells how many.  Raises ``DataError``
    if none is left.
    """
    s = {k.removeprefix("segmentation."): v for k, v in settings.items() if k.startswith("segmentation.")}
    usable = [p for p in progress(pictures, len(pictures)) if (read_label(label_of(p)) != 255).any()]
    progress.say(f"{len(pictures) - len(usable)} of {len(pictures)} pictures have no labelled pixel and are left out")
    if not usable:
        raise DataError(
            f"no picture has a labelled pixel in {label_of(pictures[0]).parent}, where all is 255: look at the maps "
            "of the stage before, or lower minimum_foreground of fusion and masking, which ignore small objects"
        )
    network_seed = int(generator("segmentation", seed, round_number).integers(2**31))
    torch.manual_seed(network_seed)
    network = build_segmentation(settings, num_classes, pretrained=True, weights=weights).to(device())
    fill = tuple(float(v) for v in network.backbone.mean.flatten())

    def sample(epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = generator("segmentation", network_seed, epoch, index)
        return _augmented(usable[index], label_of(usable[index]), s, fill, rng)

    def loss(batch: list[Tensor], epoch: int, indices: np.ndarray) -> Tensor:
        images, labels = batch
        x = network.backbone.normalise(images)
        if not s["loss_scales"]:
            return segmentation_loss(network(x).float(), labels, stride=LOSS_STRIDE, align_corners=s["align_corners"])
        outputs = multi_scale_logits(network, x, s["loss_scales"], **_scaling(settings))
        return multi_scale_loss([o.float() for o in outputs], labels, align_corners=s["align_corners"])

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
        iterations=s["iterations"],
        accumulate=s["accumulate"],
        workers=workers,
        state=state,
    )
    write_history(history, rows)
    save_checkpoint(checkpoint, network, identity(settings, num_classes))


def _augmented(
    picture: Picture, path: Path, s: dict, fill: tuple, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A training sample of the ``segmentation.*`` settings: (size, size, 3) picture and (size, size) label, uint8."""
    image, label = read_picture(picture.path), read_label(path)
    if s["crop"] is not None:
        image, label = scale_and_crop(image, label, s["crop"], s["scale"], s["scale_choices"], fill, rng)
    else:
        size, aligned = s["image_size"], s["align_corners"]
        image = squash(image, size, aligned=aligned)
        label = resize_labels(label, (size, size), align_corners=aligned)
        image, label = scale_crop_flip(image, label, s["scale"], fill, rng)
    return jitter_colour(image, s["jitter"], rng) if any(s["jitter"]) else image, label


def prediction_batch(settings: dict) -> int:
    """Pictures that are predicted at once: one where each keeps its own size."""
    return 1 if settings["prediction.original_size"] else settings["segmentation.batch_size"]


def predict_probabilities(
    pictures: list[Picture],
    num_classes: int,
    settings: dict,
    checkpoint: Path,
    progress: Progress,
    workers: int = 1,
    done: Callable[[Picture], bool] = lambda picture: False,
) -> Iterator[tuple[Picture, np.ndarray, np.ndarray]]:
    """Yields (picture, image (H, W, 3) uint8, class probabilities (C, H, W) float32 at the picture's size).

    Batches whose pictures are all ``done`` are left out.
    """
    chunks = chunks_of(pictures, prediction_batch(settings), done)
    if not chunks:
        return
    network = build_segmentation(settings, num_classes, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings, num_classes))
    network.to(device()).eval()
    read = read_whole if settings["prediction.original_size"] else partial(_read_squashed, settings=settings)
    aligned = settings["segmentation.align_corners"]
    for chunk, images in progress(batches_of(chunks, read, workers), len(chunks), "batches"):
        scores = _scores(network, _inputs(network, images, settings), settings)
        for picture, values in zip(chunk, scores, strict=True):
            full = upsample_logits(values[None], (picture.height, picture.width), align_corners=aligned)[0]
            yield picture, read_picture(picture.path), full.softmax(0).cpu().numpy()


def read_whole(picture: Picture) -> list[np.ndarray]:
    """For ``batches_of``: the picture at its own size."""
    return [read_picture(picture.path)]


def _read_squashed(picture: Picture, settings: dict) -> list[np.ndarray]:
    image, base = read_picture(picture.path), settings["segmentation.image_size"]
    stride, aligned = settings["segmentation.output_stride"], settings["segmentation.align_corners"]
    sides = [aligned_size(base, scale, stride) for scale in settings["prediction.scales"]]
    return [squash(image, side, aligned=aligned) for side in sides]


def _inputs(network: DeepLabV2, images: list[Tensor], settings: dict) -> list[Tensor]:
    """The network's inputs at every scale: whole pictures are scaled after normalisation, as in training."""
    inputs = [network.backbone.normalise(image.to(device())) for image in images]
    if not settings["prediction.original_size"]:
        return inputs
    return [scale_input(inputs[0], s, **_scaling(settings)) for s in settings["prediction.scales"]]


def _scaling(settings: dict) -> dict:
    """How ``scale_input`` samples."""
    return {
        "recompute_scale_factor": settings["segmentation.recompute_scale_factor"],
        "aligned_stride": settings["segmentation.output_stride"] if settings["segmentation.align_corners"] else None,
    }


@torch.inference_mode()
def _scores(network: DeepLabV2, inputs: list[Tensor], settings: dict) -> Tensor:
    """Logits (max) or log probabilities (mean) over scales and flips, on the finest scale's grid."""
    outputs = []
    for x in inputs:
        outputs.append(network(x))
        if settings["prediction.flip"]:
            outputs.append(network(x.flip(3)).flip(3))
    finest = max(tuple(o.shape[-2:]) for o in outputs)
    aligned = settings["segmentation.align_corners"]
    same = [o if tuple(o.shape[-2:]) == finest else upsample_logits(o, finest, align_corners=aligned) for o in outputs]
    if len(same) == 1:
        return same[0]
    if settings["prediction.reduce"] == "max":
        return torch.stack(same).amax(0)
    return torch.stack([o.softmax(1) for o in same]).mean(0).clamp_min(1e-12).log()


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
    parts: Sequence[Path] = (),
    key: str | None = None,
) -> None:
    """Writes the predictions on ``pictures`` as label PNGs (with CRF if enabled); those of finished ``parts`` exist.

    ``first_round.scales`` come before ``prediction.scales``, if they are set.  ``key``: see ``image_folder``.
    """
    if settings["first_round.scales"] is not None:
        settings = settings | {"prediction.scales": settings["first_round.scales"]}
    with image_folder(folder, manifest, key) as aside:
        gather(parts, aside)
        done = lambda p: is_done(aside, p.image_id)  # noqa: E731
        predicted = predict_probabilities(pictures, num_classes, settings, checkpoint, progress, workers, done)
        for picture, label in map_stream(partial(_training_label, settings=settings), predicted, workers):
            write_label(aside / f"{picture.image_id}.png", label)


def _training_label(predicted: tuple[Picture, np.ndarray, np.ndarray], settings: dict) -> tuple[Picture, np.ndarray]:
    picture, image, probabilities = predicted
    if settings["first_round.filter_by_labels"]:
        probabilities = keep_classes(probabilities, picture.classes)
    if settings["prediction.crf.enabled"]:
        return picture, refine(image, probabilities, settings)
    return picture, probabilities.argmax(0).astype(np.uint8)


def keep_classes(probabilities: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """Probabilities of background and ``classes`` only, summing to 1 again."""
    kept = np.zeros_like(probabilities)
    chosen = [0, *classes]
    kept[chosen] = probabilities[chosen]
    return kept / np.maximum(kept.sum(0), 1e-12)
