"""Memory does not grow with the number of pictures: as much is held for 105 of them as for 15."""

import io
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from test_training import OPTIMISER, Network
from torch.nn import functional as F

from wsss.batches import batches_of, chunks_of
from wsss.boundaries import measure_boundaries
from wsss.data import Picture, read_picture
from wsss.label_folder import write_labels
from wsss.label_io import write_label
from wsss.progress import Progress
from wsss.quality import stage_quality
from wsss.training import train

SIDE, FEW, MANY = 240, 15, 105
ONE = 3 * SIDE * SIDE  # bytes of a picture


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Picture]:
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(MANY):
        cv2.imwrite(str(folder / f"{i}.jpg"), np.full((SIDE, SIDE, 3), i, np.uint8))
        write_label(folder / f"{i}.png", np.full((SIDE, SIDE), i % 3, np.uint8))
    return [Picture(f"{i}", "train", SIDE, SIDE, (1,), folder / f"{i}.jpg", None) for i in range(MANY)]


def infer(pictures: list[Picture], folder: Path) -> None:
    for _ in batches_of(chunks_of(pictures, 4), lambda p: [read_picture(p.path)], 2):
        continue


def train_on(pictures: list[Picture], folder: Path) -> None:
    network = Network()

    def sample(epoch: int, index: int):
        return read_picture(pictures[index].path), np.array([1, 0], np.float32)

    def loss(batch, epoch, indices):
        scores = network(batch[0][:, ::8, ::8].permute(0, 3, 1, 2).float())
        return F.multilabel_soft_margin_loss(scores, batch[1])

    names = [p.image_id for p in pictures]
    more = {"count": len(pictures), "epochs": 1, "batch_size": 4, "workers": 2, "seed": 0, "names": names}
    train(network, sample, loss, optimiser=OPTIMISER, progress=quiet(), **more)


def copy_label(picture: Picture) -> np.ndarray:
    return read_picture(picture.path)[..., 0] % 3


def make_labels(pictures: list[Picture], folder: Path) -> None:
    write_labels(copy_label, pictures, folder / "labels", folder / "manifest.csv", progress=quiet())


def measured(measure: Callable, pictures: list[Picture], folder: Path) -> None:
    masks = {p.image_id: p.path.with_suffix(".png") for p in pictures}
    measure(pictures, masks, {"mined": pictures[0].path.parent}, folder / "out.csv", quiet())


def quality(pictures, masks, stages, output, progress) -> None:
    stage_quality(pictures, masks, stages, 3, output, progress, aligned=True)


WORK = {
    "inference": infer,
    "training": train_on,
    "labels": make_labels,
    "quality of labels": partial(measured, quality),
    "boundaries": partial(measured, partial(measure_boundaries, tolerance=0.01, aligned=True)),
}


def peak(work: Callable, pictures: list[Picture], folder: Path) -> int:
    """The most bytes that Python and NumPy held at once."""
    folder.mkdir()
    tracemalloc.start()
    work(pictures, folder)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize("name", WORK)
def test_more_pictures_take_no_more_memory(name, pictures, tmp_path):
    torch.manual_seed(0)
    WORK[name](pictures[:4], tmp_path)  # what is made once
    few, many = (peak(WORK[name], pictures[:count], tmp_path / str(count)) for count in (FEW, MANY))
    assert few >= ONE / 3  # the pictures, or their labels, are seen
    # Not the other 90; readers may be some batches ahead of one run's work, and not of another's.
    assert many < few + (MANY - FEW) * ONE / 3
