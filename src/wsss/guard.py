"""The guard against training on ground truth: opening a forbidden folder raises, whoever tries."""

import os
import sys
from pathlib import Path


class GroundTruthError(PermissionError):
    """A stage that may only see image-level labels opened a ground-truth mask."""


def forbid(folder_name: str = "SegmentationClass") -> None:
    """From now on, opening any path through a folder of this name in this process raises ``GroundTruthError``.

    So does one whose name goes on from there: VOC's masks are known as SegmentationClassAug, too.

    The guard is an audit hook, so it cannot be removed again.  Pictures here are read through Python's ``open``
    (never by a library's own file access), so that the hook sees each of them.
    """

    def watch(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.fsdecode(arguments[0])
            # A link elsewhere that leads into the folder counts as well.
            folders = (*Path(path).parts[:-1], *os.path.realpath(path).split(os.sep)[:-1])
            if any(folder.startswith(folder_name) for folder in folders):
                raise GroundTruthError(
                    f"{path} is ground truth, and only image-level labels may train: this stage must not read it"
                )

    sys.addaudithook(watch)
