"""Files of a data set as a user has them: in an archive, or in a folder that was unpacked from it."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from wsss.archives import ArchiveError, extract, verify
from wsss.data_files import Files
from wsss.given_lists import composed

# Where archives of VOC and SBD keep their folders; a user may have moved these up.
ROOTS = ("", "VOC2012", "VOCdevkit/VOC2012", "dataset", "benchmark_RELEASE/dataset")


def check_source(source: Path, checksum: str | None) -> None:
    """Raises ``ArchiveError`` unless ``source`` is a folder, or an archive with this checksum (see ``verify``)."""
    if not Path(source).is_dir():
        verify(source, checksum)


def fetch(
    source: Path, inner: str, names: Collection[str], folder: Path, *, link: bool = False, masks: bool = True
) -> Iterator[str]:
    """Brings files ``{inner}/{name}`` of an archive or a folder into ``folder``; yields the names that there are.

    ``names``: composed (NFC), suffixes in lower case; the source's may be decomposed and have suffixes in any case, as
    in a data set's own folder.  Two files of one name are refused: ``ArchiveError``, of a folder ``DataError``.
    ``inner``: a folder such as "ImageSets/Segmentation", wherever it lies in the source; "" takes any in an archive.  A
    folder may also hold the files themselves.  ``link``: files of a folder are linked instead of copied.  ``masks``:
    false refuses an archive's ground-truth masks, which the guard cannot tell from other members.
    """
    source, parts = Path(source), PurePosixPath(inner).parts
    if source.is_dir():
        files = _files(_find(source, inner, names), names)
        for name in names:
            if (file := files.get(os.path.splitext(name)[0])) and file.is_file():
                _bring(file.resolve(), folder / name, link)
                yield name
        return

    def choose(path: PurePosixPath) -> str | None:
        stem, suffix = os.path.splitext(path.name)
        name = composed(stem) + suffix.lower()
        if not masks and name in wanted and any(part.startswith("SegmentationClass") for part in path.parts):
            raise ArchiveError(
                f"{source} holds ground-truth masks ({path}), which only evaluation may read: give another"
            )
        at_place = path.parts[:-1][len(path.parts) - 1 - len(parts) :] == parts and "__MACOSX" not in path.parts
        return name if at_place and name in wanted else None

    wanted = set(names)
    yield from extract(source, folder, choose)


def _find(source: Path, inner: str, names: Collection[str]) -> Path:
    for place in (source / root / inner for root in ROOTS):
        if place.is_dir():
            return place
    stems = [os.path.splitext(name)[0] for name in names]
    if len(_files(source, names).lacking(stems)) < len(stems):
        return source
    raise ArchiveError(f"{source} has no folder {inner}: name the folder that holds it")


def _files(place: Path, names: Collection[str]) -> Files:
    return Files(place, {os.path.splitext(name)[1] for name in names})


def _bring(file: Path, target: Path, link: bool) -> None:
    if link:
        os.symlink(file, target)
    else:
        shutil.copyfile(file, target)
