"""Stages that make one label for each picture, over several processes."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from wsss.artifacts import image_folder
from wsss.data import Picture
from wsss.label_io import write_label
from wsss.parallel import map_pictures
from wsss.parts import gather, not_in
from wsss.progress import Progress

Make = Callable[[Picture], np.ndarray]


def write_labels(
    make: Make,
    pictures: list[Picture],
    folder: Path,
    manifest: Path,
    *,
    progress: Progress,
    processes: int = 1,
    parts: Sequence[Path] = (),
    key: str | None = None,
) -> None:
    """Writes ``make(picture)``, (H, W) uint8, as ``folder/{image_id}.png`` for every picture, and the manifest.

    Labels that lie in finished ``parts`` are taken from there.  ``key``: see ``image_folder``.
    """
    with image_folder(folder, manifest, key) as aside:
        gather(parts, aside)
        missing = not_in(aside, pictures, progress)
        for _ in progress(map_pictures(partial(_write, make, aside), missing, processes), len(missing)):
            continue


def _write(make: Make, folder: Path, picture: Picture) -> None:
    write_label(folder / f"{picture.image_id}.png", make(picture))
