"""Ground-truth masks of VOC 2012 and SBD ("trainaug"), for evaluation and full supervision."""

import tempfile
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import numpy as np

from wsss.artifacts import written_aside
from wsss.data import DataError
from wsss.label_io import read_label, write_label
from wsss.parallel import map_pictures
from wsss.sources import check_source, fetch


def prepare_masks(
    trainval: Path,
    further: Path,
    target: Path,
    ids: dict[str, Collection[str]],
    *,
    checksums: tuple[str | None, str | None],
    from_mat: bool,
    progress: Callable,
    processes: int = 1,
) -> None:
    """Writes ``target``, a folder of palette PNGs with the masks of ``ids`` ("trainaug" and "val").

    VOC's own masks (``trainval``: archive or folder) have precedence.  Training pictures without one get that of
    ``further``: SBD's ``cls/{id}.mat`` if ``from_mat``, else the PNG ``SegmentationClassAug/{id}.png``.  ``checksums``
    are those of both sources.  Raises ``DataError`` with count and first name of what is missing, or naming a broken
    file.
    """
    for source, checksum in zip((trainval, further), checksums, strict=True):
        check_source(source, checksum)
    every = [i for split in ids.values() for i in split]
    with written_aside(target) as aside:
        aside.mkdir()
        voc = _fetch(trainval, "SegmentationClass", every, ".png", aside, progress)
        _demand([i for i in ids["val"] if i not in voc], trainval, "validation")
        rest = [i for i in ids["trainaug"] if i not in voc]
        with tempfile.TemporaryDirectory(dir=aside.parent) as folder:
            inner, suffix = ("cls", ".mat") if from_mat else ("SegmentationClassAug", ".png")
            found = _fetch(further, inner, rest, suffix, Path(folder), progress)
            _demand([i for i in rest if i not in found], further, "training")
            files = [Path(folder) / f"{i}{suffix}" for i in rest]
            convert = partial(_convert, folder=aside, source=further)
            for _ in progress(map_pictures(convert, files, processes), len(files), "masks"):
                pass


def read_mat(file: Path) -> np.ndarray:
    """The class mask of one of SBD's ``cls/*.mat``, (H, W) uint8; raises ``DataError`` if it holds none."""
    from scipy.io import loadmat

    try:
        mask = loadmat(file)["GTcls"][0]["Segmentation"][0]
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise DataError(f"{file.name} cannot be read as an SBD mask ({error}): get SBD again") from error
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise DataError(f"{file.name} holds a {mask.dtype} mask of shape {mask.shape}, not (H, W) uint8: get SBD again")
    return mask


def _convert(file: Path, folder: Path, source: Path) -> None:
    try:
        mask = read_mat(file) if file.suffix == ".mat" else read_label(file)
    except ValueError as error:
        raise DataError(f"{source}: {error}") from error
    write_label(folder / f"{file.stem}.png", mask)


def _fetch(source: Path, inner: str, ids: Collection[str], suffix: str, folder: Path, progress: Callable) -> set[str]:
    names = [f"{i}{suffix}" for i in ids]
    return {Path(n).stem for n in progress(fetch(source, inner, names, folder), len(names), "masks")}


def _demand(missing: list[str], source: Path, kind: str) -> None:
    if missing:
        raise DataError(
            f"{source} lacks the masks of {len(missing)} {kind} images (first: {missing[0]}): get it again, it is not "
            "complete"
        )
