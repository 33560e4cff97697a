"""The files of a data set's folders by image id, whatever the case of their suffix and the Unicode form of names."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from wsss.data import DataError
from wsss.given_lists import PICTURE_SUFFIXES, composed, hint


class Files:
    """Image id → file, of one folder; one that is not there has no files."""

    def __init__(self, folder: Path, suffixes: Collection[str]):
        self.folder, self.suffixes = Path(folder), tuple(suffixes)
        self._names: dict[str, list[str]] = {}
        self._others: dict[str, str] = {}
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            stem, suffix = os.path.splitext(entry.name)
            if stem.startswith("."):  # macOS lays ._a.jpg beside a.jpg on foreign disks
                continue
            if suffix.lower() in self.suffixes:
                self._names.setdefault(composed(stem), []).append(entry.name)
            else:
                self._others[composed(stem)] = entry.name

    @property
    def ids(self) -> Collection[str]:
        return self._names.keys()

    def get(self, image_id: str) -> Path | None:
        """Its file.  Raises ``DataError`` if there are several."""
        names = self._names.get(image_id, ())
        if len(names) > 1:
            raise DataError(f"{self.folder} has {' and '.join(sorted(names))} of one image: keep one of them")
        return self.folder / names[0] if names else None

    def lacking(self, ids: Iterable[str]) -> list[str]:
        return [i for i in ids if i not in self._names]

    def named(self, image_id: str) -> Path:
        """What the file of an image is expected to be called."""
        return self.folder / f"{image_id}{self.suffixes[0]}"

    def hint(self, image_id: str) -> str:
        if other := self._others.get(image_id):
            return f" (there is {other}: save it as {' or '.join(self.suffixes)})"
        return hint(image_id, self._names)


def pictures_in(folder: Path) -> Files:
    return Files(folder, PICTURE_SUFFIXES)


def maps_in(folder: Path) -> Files:
    """Masks or saliency maps."""
    return Files(folder, (".png",))
