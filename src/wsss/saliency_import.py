"""Saliency maps that somebody else has computed: taken from a folder or archive and checked."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from wsss.artifacts import image_folder
from wsss.data import DataError
from wsss.data_checks import check_lies_over, check_range, picture_size
from wsss.data_files import pictures_in
from wsss.label_io import read_gray
from wsss.parallel import map_pictures
from wsss.sources import check_source, fetch


def import_saliency(
    source: Path,
    pictures: Path,
    ids: Sequence[str],
    *,
    maps: Path,
    manifest: Path,
    checksum: str | None,
    progress: Callable,
    processes: int = 1,
) -> None:
    """Copies ``{id}.png`` of all ``ids`` from ``source``, a folder, zip or tar, to ``maps`` and writes ``manifest``.

    ``pictures``: the folder of the pictures, which the maps must fit.  Raises ``DataError`` with count and first names
    if maps are missing, and naming the map if it is unreadable, not of 8 bit, or of another size.
    """
    check_source(source, checksum)
    names = [f"{i}.png" for i in ids]
    with image_folder(maps, manifest) as aside:
        found = set(progress(fetch(source, "", names, aside, masks=False), len(names), "maps"))
        missing = [name for name in names if name not in found]
        if missing:
            raise DataError(
                f"{source} lacks the saliency maps of {len(missing)} of {len(names)} images (first: "
                f"{', '.join(missing[:3])}): add them, or have them made with dataset.saliency.model"
            )
        check = partial(_check, maps=aside, source=source)
        files = pictures_in(pictures)
        work = [(i, files.get(i) or files.named(i)) for i in ids]
        check_range(source, list(progress(map_pictures(check, work, processes), len(work))))


def _check(work: tuple[str, Path], maps: Path, source: Path) -> int:
    """The largest value of a map that fits its picture."""
    image_id, picture = work
    file = maps / f"{image_id}.png"
    try:
        saliency = read_gray(file)
    except ValueError as error:
        raise DataError(str(error).replace(str(file), f"{source}/{file.name}")) from error
    check_lies_over(Path(source, file.name), saliency, picture, picture_size(picture))
    return int(saliency.max())
