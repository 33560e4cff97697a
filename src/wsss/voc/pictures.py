"""VOC 2012's pictures, lists and image-level labels in the one on-disk form.  Reads no mask."""

import csv
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from wsss.artifacts import written_aside
from wsss.data import DataError
from wsss.given_lists import read_ids
from wsss.sources import check_source, fetch
from wsss.voc.classes import CLASSES
from wsss.voc.labels import check_figures, read_labels

LISTS = "ImageSets/Segmentation"


def prepare_pictures(
    trainval: Path,
    folder: Path,
    *,
    labels: Path | None,
    expected: dict[str, int],
    checksum: str | None,
    progress: Callable,
) -> None:
    """Writes ``folder``: JPEGImages, ImageSets/Segmentation/{trainaug,val}.txt, labels.csv, classes.txt.

    ``trainval``: VOCtrainval's archive, or the folder unpacked from it, to whose pictures links are made.
    ``labels``, ``expected``: as in ``read_labels``.  Raises ``DataError`` or ``ArchiveError``, before anything is
    written, if labels or source are not the expected ones, and if a picture is missing.
    """
    by_split = read_labels(labels, expected)
    check_source(trainval, checksum)
    _check_val(trainval, by_split["val"])
    ids = [i for split in by_split.values() for i in split]
    _fetch_pictures(trainval, ids, folder / "JPEGImages", progress)
    rows = [(i, split, classes) for split, named in by_split.items() for i, classes in named.items()]
    with written_aside(folder / "labels.csv") as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("image_id", "split", "classes"), *rows])
    _write_lines(folder / "classes.txt", CLASSES)
    for split, named in by_split.items():
        _write_lines(folder / LISTS / f"{split}.txt", named)


def prepare_test_pictures(test: Path, folder: Path, *, expected: int, checksum: str | None, progress: Callable) -> None:
    """Writes ``folder``: JPEGImages and ImageSets/Segmentation/test.txt of VOC's test archive or folder."""
    check_source(test, checksum)
    ids = _read_list(test, "test")
    check_figures({"test": len(ids)}, {"test": expected}, test)
    _fetch_pictures(test, ids, folder / "JPEGImages", progress)
    _write_lines(folder / LISTS / "test.txt", ids)


def _check_val(source: Path, val: Collection[str]) -> None:
    """Scores are comparable only on VOC's own validation list."""
    theirs = set(_read_list(source, "val"))
    if theirs != set(val):
        odd = sorted(theirs ^ set(val))
        raise DataError(
            f"{source}: its list val.txt and the image-level labels differ in {len(odd)} validation images (first: "
            f"{odd[0]}): use VOC 2012's own archive and the labels that belong to it"
        )


def _read_list(source: Path, split: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        if not list(fetch(source, LISTS, [f"{split}.txt"], Path(folder))):
            raise DataError(f"{source} has no {LISTS}/{split}.txt: give the whole archive or the folder VOC2012 of it")
        file = Path(folder) / f"{split}.txt"
        try:
            return read_ids(file)
        except DataError as error:
            raise DataError(str(error).replace(str(file), f"{source}: its list {file.name}")) from error


def _fetch_pictures(source: Path, ids: Collection[str], target: Path, progress: Callable) -> None:
    names = [f"{i}.jpg" for i in ids]
    with written_aside(target) as aside:
        aside.mkdir()
        found = set(progress(fetch(source, "JPEGImages", names, aside, link=True), len(names)))
        missing = [name for name in names if name not in found]
        if missing:
            raise DataError(
                f"{source} lacks {len(missing)} of {len(names)} pictures (first: JPEGImages/{missing[0]}): "
                "get it again, it is not complete"
            )


def _write_lines(path: Path, lines: Collection[str]) -> None:
    with written_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines))
