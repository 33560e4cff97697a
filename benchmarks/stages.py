"""Pictures per second of each stage, arithmetic on one thread, readers and sums beside it: ``make bench``.

Labels are timed on 500 × 375 pictures with PNG in and out, as the published scripts work; networks on scenes of the
embedded data set, beside the same network on pictures that are in memory already.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml

from wsss import openmoji
from wsss.checkpoints import save_checkpoint
from wsss.config import load_config
from wsss.data import Picture, read_images, read_masks, read_picture, squash
from wsss.data_checks import check_images, check_masks
from wsss.deeplab import segmentation_loss
from wsss.generic.patterns import pattern_of
from wsss.generic.stages import gather_moments, input_side, sweep_pictures
from wsss.image_classifier import build_classifier
from wsss.image_classifier import identity as generic_identity
from wsss.label_folder import write_labels
from wsss.label_io import write_label
from wsss.map_io import write_maps
from wsss.nsrom.label_stages import initial_label, masked_label, pseudo_label
from wsss.nsrom.network import build_network, identity
from wsss.nsrom.stages import export_maps
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.segmentation import LOSS_STRIDE, build_segmentation, predict, train_segmentation
from wsss.variants import Plan

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = {"fusion + mining": 38.0, "masking": 6.5}  # ms a picture, one core: the published scripts


def main() -> None:
    torch.set_num_threads(1)
    settings = Plan(load_config(yaml.safe_load((ROOT / "config/config.yaml").read_text()))).settings("nsrom")
    print(f"{'stage':44} {'pictures/s':>10} {'ms/picture':>11}")
    with tempfile.TemporaryDirectory() as folder:
        label_stages(Path(folder), settings)
    with tempfile.TemporaryDirectory() as folder:
        network_stages(Path(folder), settings)


def label_stages(folder: Path, settings: dict) -> None:
    """Fusion, mining and masking on 120 pictures of 500 × 375, 1.3 classes each, random blobs as maps and saliency."""
    rng = generator("benchmark")
    pictures = [_made_up(folder, i, rng) for i in range(120)]
    make = {
        "fusion": partial(initial_label, maps=folder / "maps", settings=settings),
        "mining": partial(pseudo_label, initial=folder / "fusion", maps=folder / "maps", settings=settings),
        "masking": partial(
            masked_label,
            predictions=folder / "prediction",
            labels=folder / "mining",
            settings=settings | {"masking.kernel": 30, "masking.images": "all"},
        ),
    }
    ms = {}
    for name, function in make.items():
        write = partial(
            write_labels, function, pictures, folder / name, folder / f"{name}.csv", progress=lambda items, _: items
        )
        ms[name] = min(_seconds(write) for _ in range(3)) / len(pictures) * 1e3
        print(f"{name:44} {1e3 / ms[name]:10.1f} {ms[name]:11.2f}")
    for name, own in (("fusion + mining", ms["fusion"] + ms["mining"]), ("masking", ms["masking"])):
        print(f"  {name}: {PUBLISHED[name] / own:.1f} times the published script's {PUBLISHED[name]} ms")


def network_stages(folder: Path, settings: dict) -> None:
    """Training, map export and prediction on 160 scenes."""
    openmoji.build(folder / "scenes", train=160, val=8)
    check_images(folder / "scenes", folder / "images.csv", ["train"])
    check_masks(folder / "scenes", folder / "masks.csv", ["train"])
    pictures = read_images(folder / "images.csv", folder / "scenes" / "classes.txt", "train")
    masks = read_masks(folder / "masks.csv")
    progress = Progress("benchmark", screen=StringIO())
    size = settings["segmentation.image_size"]

    network = build_network(settings, 20, integral=False)
    save_checkpoint(folder / "classifier.safetensors", network, identity(settings, 20, integral=False))
    export = partial(
        export_maps, pictures, 20, settings, integral=False, checkpoint=folder / "classifier.safetensors",
        folder=folder / "cams", manifest=folder / "cams.csv", progress=progress,
    )  # fmt: skip
    _report("CAM export", _seconds(export), len(pictures), _forward(network, pictures, 241), "plain forward")

    patterns_stage(folder, pictures, settings, progress)

    segmentation = build_segmentation(settings, 21, pretrained=True)
    one_epoch = settings | {"segmentation.epochs": 1}
    train = partial(
        train_segmentation, pictures, lambda p: masks[p.image_id], 21, one_epoch, seed=0, round_number=1,
        checkpoint=folder / "deeplab.safetensors", history=folder / "history.csv", progress=progress,
    )  # fmt: skip
    in_memory = _training_steps(segmentation, [squash(read_picture(p.path), size) for p in pictures], settings)
    _report("segmentation training", _seconds(train), len(pictures), in_memory, "steps on pictures in memory")
    run = partial(
        predict, pictures, 21, settings, checkpoint=folder / "deeplab.safetensors", folder=folder / "predictions",
        manifest=folder / "predictions.csv", progress=progress,
    )  # fmt: skip
    _report("prediction with CRF", _seconds(run), len(pictures))


def patterns_stage(folder: Path, pictures: list[Picture], settings: dict, progress: Progress) -> None:
    """The sweep that gathers the moments of each block, beside the plain forward pass; then the eigenvectors."""
    classifier = build_classifier(settings, 20)
    save_checkpoint(folder / "generic.safetensors", classifier, generic_identity(settings, 20))
    forward = partial(_forward, classifier, pictures, input_side(settings))
    forward()  # the first pass is slower: its memory is new
    wanted = {c: {p.image_id for p in pictures if c in p.classes} for c in range(1, 21)}
    for block in ("C41", "C42", "C43"):
        sweep = sweep_pictures(
            pictures,
            20,
            settings | {"generic.block": block},
            folder / "generic.safetensors",
            progress=progress,
            workers=1,
        )
        before, start = forward(), time.perf_counter()
        moments, dimension = gather_moments(sweep, wanted)
        taken = time.perf_counter() - start
        plain = (before + forward()) / 2
        _report(f"class patterns, {block}: moments", taken, len(pictures), plain, "plain forward")
        seconds = _seconds(lambda m=moments, d=dimension: [pattern_of(m.of(c), d) for c in range(1, 21)])
        print(f"  {seconds:.1f} s for the eigenvectors of 20 classes, {dimension} channels")


def _forward(network: torch.nn.Module, pictures: list[Picture], size: int) -> float:
    network.eval()
    images = torch.from_numpy(np.stack([squash(read_picture(p.path), size) for p in pictures]))
    with torch.inference_mode():
        return _seconds(lambda: [network(network.backbone.normalise(b)) for b in images.split(8)])


def _training_steps(network: torch.nn.Module, images: list[np.ndarray], settings: dict) -> float:
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)
    network.train()
    batches = torch.from_numpy(np.stack(images)).split(settings["segmentation.batch_size"])
    labels = torch.zeros(batches[0].shape[:3], dtype=torch.uint8)

    def step(batch: torch.Tensor) -> None:
        loss = segmentation_loss(network(network.backbone.normalise(batch)), labels[: len(batch)], stride=LOSS_STRIDE)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    step(batches[0])
    return _seconds(lambda: [step(batch) for batch in batches])


def _made_up(folder: Path, index: int, rng: np.random.Generator) -> Picture:
    """A picture's files with smooth random maps, saliency and prediction."""
    classes = (3, 15) if index % 10 < 3 else (7,)
    for name in ("maps", "saliency", "prediction"):
        (folder / name).mkdir(exist_ok=True)
    blobs = [cv2.resize(rng.random((5, 7), np.float32), (63, 47), interpolation=cv2.INTER_CUBIC) for _ in classes]
    maps = np.stack([np.clip(255 * (b - b.min()) / np.ptp(b), 0, 255).astype(np.uint8) for b in blobs])
    write_maps(folder / "maps" / f"{index}.png", maps)
    saliency = np.clip(255 * cv2.resize(maps[0] / np.float32(255), (500, 375)), 0, 255).astype(np.uint8)
    cv2.imwrite(str(folder / "saliency" / f"{index}.png"), saliency)
    prediction = np.where(saliency > 140, classes[0], 0).astype(np.uint8)
    write_label(folder / "prediction" / f"{index}.png", prediction)
    return Picture(str(index), "train", 500, 375, classes, folder, folder / "saliency" / f"{index}.png")


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _report(name: str, seconds: float, count: int, bound: float | None = None, bound_name: str = "") -> None:
    print(f"{name:44} {count / seconds:10.1f} {1e3 * seconds / count:11.2f}")
    if bound is not None:
        print(f"  {100 * bound / seconds:.0f} % of the speed of {bound_name} ({count / bound:.1f} pictures/s)")


if __name__ == "__main__":
    main()
