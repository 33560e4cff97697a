"""Folders of per-image files with a manifest; nothing half-written ever has its final name."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class ArtifactError(ValueError):
    """An artifact that is missing, damaged or not what a stage needs, in one sentence."""


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yields a name beside ``path`` to write to (file or folder); it becomes ``path`` when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    _remove(aside)
    try:
        yield aside
        if aside.is_dir():
            _remove(path)
        os.replace(aside, path)
    finally:
        _remove(aside)


@contextmanager
def image_folder(folder: Path, manifest: Path) -> Iterator[Path]:
    """Yields a folder to fill with one file per image id; then writes ``manifest`` and gives both their names."""
    with written_aside(folder) as aside:
        aside.mkdir()
        yield aside
        rows = [(file.stem, file.name, sha256(file), file.stat().st_size) for file in sorted(aside.iterdir())]
    with written_aside(manifest) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([("image_id", "file", "sha256", "bytes"), *rows])


def read_manifest(manifest: Path) -> dict[str, dict[str, str]]:
    """Image id → its row: ``image_id``, ``file``, ``sha256``, ``bytes``."""
    with open(manifest, newline="") as stream:
        return {row["image_id"]: row for row in csv.DictReader(stream)}


def check_folder(folder: Path, manifest: Path, ids: Iterable[str]) -> None:
    """Raises ``ArtifactError`` unless ``manifest`` lists ``ids``, all of them, and ``folder`` holds them unchanged."""
    rows, ids = read_manifest(manifest), list(ids)
    missing = [i for i in ids if i not in rows]
    if missing:
        raise ArtifactError(
            f"{manifest} lacks {len(missing)} of the images that are needed (first: {missing[0]}): "
            "delete it and run the target again"
        )
    for row in map(rows.get, ids):
        file = Path(folder) / row["file"]
        if not file.exists():
            raise ArtifactError(
                f"{file} is missing though {manifest} lists it: delete the manifest and run the target again"
            )
        if sha256(file) != row["sha256"]:
            raise ArtifactError(f"{file} is not what {manifest} lists: delete the manifest and run the target again")


def sha256(file: Path) -> str:
    """The checksum of a file's bytes, hexadecimal."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest(path: Path, expected: str) -> None:
    """Raises ``ArtifactError`` unless the file's sha256 starts with ``expected``."""
    found = sha256(path)
    if not found.startswith(expected):
        raise ArtifactError(
            f"{path} has the sha256 {found[: len(expected)]}… instead of {expected}…: it is damaged or another file, "
            "so replace it"
        )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
