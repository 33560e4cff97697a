"""Parts of a list of pictures, for several jobs to work on, and the labels that the parts have made, gathered."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from wsss.artifacts import ArtifactError, check_folder, read_manifest
from wsss.data import Picture
from wsss.progress import Progress

T = TypeVar("T")


def part_of(items: Sequence[T], name: str, batch_size: int = 1) -> list[T]:
    """The items of the part ``name``, "i-of-n" with i from 1: every n-th batch of ``batch_size``.

    Batches stay whole: a network's scores depend, in their last bits, on what else is in the batch.
    """
    i, n = map(int, name.split("-of-"))
    batches = [items[start : start + batch_size] for start in range(0, len(items), batch_size)]
    return [item for batch in batches[i - 1 :: n] for item in batch]


def gather(parts: Iterable[Path], folder: Path) -> list[Path]:
    """Copies the labels of finished parts into ``folder``; returns the parts that were taken.

    A part is a folder with ``labels`` and their ``manifest.csv``.  One that is damaged, or that holds a label which is
    there already, is left out: whoever gathers makes what is missing.
    """
    taken = []
    for part in parts:
        labels, manifest = part / "labels", part / "manifest.csv"
        try:
            rows = read_manifest(manifest)
            check_folder(labels, manifest, rows)
        except (ArtifactError, FileNotFoundError):
            continue
        files = [row["file"] for row in rows.values()]
        if not any((folder / file).exists() for file in files):
            for file in files:
                shutil.copyfile(labels / file, folder / file)
            taken.append(part)
    return taken


def not_in(folder: Path, pictures: list[Picture], progress: Progress) -> list[Picture]:
    """The pictures that have no label in ``folder``; the log tells how many have."""
    left = [p for p in pictures if not (folder / f"{p.image_id}.png").exists()]
    if len(left) < len(pictures):
        progress.say(f"{len(pictures) - len(left)} of {len(pictures)} labels are there already")
    return left
