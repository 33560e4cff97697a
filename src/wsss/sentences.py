"""Exceptions as sentences: what a job says that fails.  No result depends on it, so no rule has it among its code."""

import errno
import os
import re
import traceback
import unicodedata
from collections.abc import Mapping
from pathlib import Path

REMEDIES = {
    errno.EACCES: "give yourself the right to it",
    errno.EISDIR: "a file is meant, not a folder",
    errno.ENAMETOOLONG: "give it a shorter name",
}


def sentence(error: Exception, made_of: Mapping[str, str]) -> str:
    """What went wrong and what to do, in one line.

    ``made_of``: folders in ``results`` that the project has filled from files of the user's → what these are, since it
    is they that have to be mended.
    """
    if isinstance(error, FileNotFoundError) and error.filename:
        said = missing(Path(os.fsdecode(error.filename)))
    elif isinstance(error, NotADirectoryError) and error.filename:
        path = Path(os.fsdecode(error.filename))
        said = f"{next((p for p in path.parents if p.is_file()), path)} is a file, and a folder is meant: unpack it"
    elif isinstance(error, OSError) and error.filename and error.errno in REMEDIES:
        said = f"{os.fsdecode(error.filename)} cannot be opened ({error.strerror}): {REMEDIES[error.errno]}"
    elif isinstance(error, ValueError | OSError):
        said = str(error)
    elif isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, of a GPU
        said = f"there is not enough memory ({_first_line(error)}): choose smaller pictures or batches, or fewer jobs"
    else:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = (
            f"{type(error).__name__} {_first_line(error)} at {Path(where.filename).name}:{where.lineno}, which nobody "
            "has foreseen: a fault of the program, or of an input that it does not check"
        )
    return _with_origin(re.sub(r"\s*\n\s*", " ", said.strip()), made_of)


def missing(path: Path) -> str:
    """The sentence about a file that is not there, or a folder on the way to it that is not."""
    if path.is_symlink():  # of the project's own, to a file of the user's
        return missing(Path(os.path.realpath(path)))
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


def _with_origin(said: str, made_of: Mapping[str, str]) -> str:
    """The sentence with links replaced by the user's own files; with the source of what was copied, if it names it."""
    for folder, source in made_of.items():
        for file in re.findall(rf"{re.escape(folder)}/[^:;,()]*?[^\s:;,()](?=[\s:;,()]|$)", said):
            if os.path.islink(file):
                said = said.replace(file, os.path.realpath(file))
        if folder in said:
            said += f" ({folder} was made from {source}: mend that, and what depends on it is made again)"
    return said


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["without a word"])[0]
