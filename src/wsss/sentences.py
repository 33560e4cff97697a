"""Exceptions as sentences: what a job says that fails.  No result depends on it, so no rule has it among its code."""

import errno
import os
import re
import traceback
from collections.abc import Mapping
from pathlib import Path

from wsss.missing import missing

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
    if (isinstance(error, FileNotFoundError) and error.filename) or (
        isinstance(error, NotADirectoryError) and error.filename
    ):
        said = missing(Path(os.fsdecode(error.filename)))
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
