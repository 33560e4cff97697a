"""The sentence about what is not there: whose it is, why it may not be found, and what to do."""

import os
import unicodedata
from pathlib import Path


def missing(path: Path) -> str:
    """The sentence about a file that is not there, or a folder on the way to it that is not."""
    if path.is_symlink():  # of the project's own, to a file of the user's
        return missing(Path(os.path.realpath(path)))
    if file := next((p for p in path.parents if p.is_file()), None):
        return f"{file} is a file, and a folder is meant: unpack it"
    there = next(p for p in path.parents if p.exists())
    absent = there / path.relative_to(there).parts[0]
    if alike := _alike(absent):
        return f"{absent} is missing, but {alike} is there: rename one, since names are compared letter by letter"
    if path.parts[0] == "results":
        return f"{path} is missing: put it back, or have it made again"
    why = f"there is no folder {absent}, so " if absent != path else ""
    return f"{path} is missing: {why}put it there, or correct the path in the configuration"


def _alike(path: Path) -> str | None:
    """What lies beside a missing path and differs in case, in the kind of file, or in how its letters are composed."""
    plain = [unicodedata.normalize("NFC", n).casefold() for n in (path.name, path.stem)]
    try:
        names = sorted(os.listdir(path.parent))
    except OSError:
        return None
    known = {n: unicodedata.normalize("NFC", n).casefold() for n in names}
    same = [n for n, folded in known.items() if folded == plain[0]]
    kin = [n for n, folded in known.items() if path.suffix and Path(folded).suffix and Path(folded).stem == plain[1]]
    return str(path.parent / (same or kin)[0]) if same or kin else None
