"""Inputs that are folders with a file for each picture, compared with their manifests before they are read."""

from collections.abc import Iterable
from pathlib import Path


def checked_folders(given, names: Iterable[str], pictures) -> dict[str, Path]:
    """Name → the rule's input of that name, whose manifest is the input ``{name}_manifest``.

    Raises ``wsss.artifacts.ArtifactError`` if a folder lacks a file of one of the ``pictures``, or holds another than
    its manifest says.
    """
    from wsss.artifacts import check_folder

    folders = {name: Path(given[name]) for name in names}
    for name, folder in folders.items():
        check_folder(folder, given[f"{name}_manifest"], [p.image_id for p in pictures])
    return folders
