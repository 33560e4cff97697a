"""Files of a data set as a user has them: in an archive, or in a folder that was unpacked from it."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from wsss.archives import ArchiveError, extract, verify
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

    ``inner``: a folder such as "ImageSets/Segmentation", wherever it lies in the source; "" takes any in an archive.  A
    folder may also hold the files themselves.  ``link``: files of a folder are linked instead of copied.  ``masks``:
    false refuses an archive's ground-truth masks, which the guard cannot tell from other members.
    """
    source, parts = Path(source), PurePosixPath(inner).parts
    if source.is_dir():
        place = _find(source, inner, names)
        others: dict[str, str] | None = None
        for name in names:
            file = place / name
            if not file.is_file():  # by one spelling of another
                others = {_spelt(entry): entry for entry in os.listdir(place)} if others is None else others
                file = place / others.get(_spelt(name), name)
            if file.is_file():
                _bring(file.resolve(), folder / name, link)
                yield name
        return

    def choose(path: PurePosixPath) -> str | None:
        name = wanted.get(_spelt(path.name))
        if not masks and name and any(part.startswith("SegmentationClass") for part in path.parts):
            raise ArchiveError(
                f"{source} holds ground-truth masks ({path}), which only evaluation may read: give another"
            )
        at_place = path.parts[:-1][len(path.parts) - 1 - len(parts) :] == parts and "__MACOSX" not in path.parts
        return name if at_place else None

    wanted = {_spelt(name): name for name in names}
    yield from extract(source, folder, choose)


def _find(source: Path, inner: str, names: Collection[str]) -> Path:
    for place in (source / root / inner for root in ROOTS):
        if place.is_dir():
            return place
    if {_spelt(name) for name in names} & {_spelt(entry) for entry in os.listdir(source)}:
        return source
    raise ArchiveError(f"{source} has no folder {inner}: name the folder that holds it")


def _spelt(name: str) -> str:
    """One spelling of a file's name: macOS decomposes letters, and cameras write suffixes in capitals."""
    stem, suffix = os.path.splitext(name)
    return composed(stem) + suffix.lower()


def _bring(file: Path, target: Path, link: bool) -> None:
    if link:
        os.symlink(file, target)
    else:
        shutil.copyfile(file, target)
