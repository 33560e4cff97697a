"""Stages that make one label for each picture, over several processes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from wsss.artifacts import image_folder
from wsss.data import Picture
from wsss.label_io import write_label
from wsss.parallel import map_pictures

Make = Callable[[Picture], np.ndarray]


def write_labels(
    make: Make, pictures: list[Picture], folder: Path, manifest: Path, *, progress: Callable, processes: int = 1
) -> None:
    """Writes ``make(picture)``, (H, W) uint8, as ``folder/{image_id}.png`` for every picture, and the manifest."""
    with image_folder(folder, manifest) as aside:
        write = partial(_write, make, aside)
        for _ in progress(map_pictures(write, pictures, processes), len(pictures)):
            continue


def _write(make: Make, folder: Path, picture: Picture) -> None:
    write_label(folder / f"{picture.image_id}.png", make(picture))
