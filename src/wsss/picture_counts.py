"""Confusion counts picture by picture, sparse: what intervals for new pictures are computed from."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wsss.artifacts import ArtifactError, written_aside

MODES = ("raw", "crf")  # predictions without and with CRF


class PictureCounts(NamedTuple):
    """Of each picture of an evaluation, how many pixels of which class were predicted as which.

    ``raw``, ``crf``: (4, N) uint32, a column for every pair of classes that a picture has pixels of: the picture's
    index in ``images``, the true class, the predicted class, the number of pixels; in the order of the first three.
    """

    images: tuple[str, ...]
    raw: np.ndarray
    crf: np.ndarray


def sparse(confusions: Iterable[np.ndarray]) -> np.ndarray:
    """The counts (4, N) uint32 of the pictures' confusion matrices, each (C, C) with the true classes as rows."""
    columns = [np.zeros((4, 0), np.uint32)]
    for number, confusion in enumerate(confusions):
        true, predicted = np.nonzero(confusion)
        pixels = confusion[true, predicted]
        columns.append(np.stack([np.full_like(true, number), true, predicted, pixels]).astype(np.uint32))
    return np.concatenate(columns, axis=1)


def total(counts: np.ndarray, classes: int) -> np.ndarray:
    """The confusion matrix of all pictures, (C, C) int64, from (4, N)."""
    matrix = np.zeros((classes, classes), np.int64)
    _, true, predicted, pixels = counts
    np.add.at(matrix, (true, predicted), pixels)
    return matrix


def gathered(parts: Sequence[PictureCounts], images: Sequence[str]) -> PictureCounts:
    """The counts of all parts, which share no picture, in the order of ``images``."""
    place = {image_id: number for number, image_id in enumerate(images)}
    joined = {}
    for mode in MODES:
        columns = [np.zeros((4, 0), np.uint32)]
        for part in parts:
            found = getattr(part, mode).copy()
            found[0] = np.array([place[image_id] for image_id in part.images], np.uint32)[found[0]]
            columns.append(found)
        every = np.concatenate(columns, axis=1)
        joined[mode] = every[:, np.argsort(every[0], kind="stable")]
    return PictureCounts(tuple(images), **joined)


def write_counts(file: Path, counts: PictureCounts) -> None:
    """Writes a compressed ``.npz``; equal counts are equal bytes."""
    with written_aside(file) as aside, open(aside, "wb") as stream:
        np.savez_compressed(stream, images=np.array(counts.images, dtype=str), raw=counts.raw, crf=counts.crf)


def read_counts(file: Path) -> PictureCounts:
    """What ``write_counts`` wrote; raises ``ArtifactError`` if the file is damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            return PictureCounts(tuple(stored["images"].tolist()), stored["raw"], stored["crf"])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"{file} is damaged ({error}): delete it and run the target again") from None
