"""The guard against training on ground truth: opening a forbidden folder raises, whoever tries."""

import os
import sys


class GroundTruthError(PermissionError):
    """A stage that may only see image-level labels opened a ground-truth mask."""


def forbid(folder_name: str = "SegmentationClass") -> None:
    """From now on, opening any path through a folder of this name in this process raises ``GroundTruthError``.

    The guard is an audit hook, so it cannot be removed again.  Pictures here are read through Python's ``open``
    (never by a library's own file access), so that the hook sees each of them.
    """

    def watch(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            parts = os.fsdecode(arguments[0]).split(os.sep)
            if folder_name in parts[:-1]:
                raise GroundTruthError(
                    f"{os.fsdecode(arguments[0])} is ground truth, and only image-level labels may train: "
                    "this stage must not read it"
                )

    sys.addaudithook(watch)
