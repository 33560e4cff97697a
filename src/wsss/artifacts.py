"""Folders of per-image files with a manifest; nothing half-written ever has its final name."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

PNG_END = b"\0\0\0\0IEND\xaeB`\x82"  # the last bytes of every PNG


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
def image_folder(folder: Path, manifest: Path, key: str | None = None) -> Iterator[Path]:
    """Yields a folder to fill with one file per image id; then writes ``manifest`` and gives both their names.

    With ``key``, the fingerprint of all that the files depend on, the folder keeps what it holds when the block fails
    or is killed: the next one with the same key gets it back, and ``is_done`` tells which images it need not make.
    """
    with kept_folder(folder, key) if key else written_aside(folder) as aside:
        aside.mkdir(exist_ok=True)
        yield aside
        files = sorted(f for f in aside.iterdir() if not f.name.startswith("."))
        rows = [(file.stem, file.name, sha256(file), file.stat().st_size) for file in files]
        if key:
            _remove(folder)
            os.replace(aside, folder)
    with written_aside(manifest) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([("image_id", "file", "sha256", "bytes"), *rows])


@contextmanager
def kept_folder(path: Path, key: str) -> Iterator[Path]:
    """Yields a folder beside ``path`` that outlives a failure, for the next call with the same ``key``.

    Images that are not complete are removed first, and so is what other keys have left; the folder itself goes when the
    block succeeds.
    """
    aside = path.with_name(f".{path.name}.{key[:16]}.partial")
    for other in path.parent.glob(f".{path.name}.*partial"):
        if other != aside:
            _remove(other)
    aside.mkdir(parents=True, exist_ok=True)
    for file in aside.iterdir():
        if file.name.startswith(".") or not is_complete(file):
            _remove(file)
    yield aside
    _remove(aside)


def is_done(folder: Path, image_id: str) -> bool:
    """Whether ``folder`` of ``image_folder`` holds the image already."""
    return (folder / f"{image_id}.png").exists()


def is_complete(file: Path) -> bool:
    """Whether a file is a PNG of which no byte is missing or wrong, by the checksums it holds."""
    try:
        with Image.open(file) as image:
            image.verify()
        return file.read_bytes().endswith(PNG_END)
    except (OSError, SyntaxError, ValueError):
        return False


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
