"""VOC's image-level labels: the file that ships with the project, and the figures it is checked against."""

import re
from collections import Counter
from pathlib import Path

from wsss.data import DataError
from wsss.given_lists import read_rows
from wsss.voc.classes import CLASSES
from wsss.voc.known import LABELS

SPLITS = ("trainaug", "val")

Labels = dict[str, dict[str, str]]  # split → image id → classes, separated by spaces


def read_labels(path: Path | None, expected: dict[str, int]) -> Labels:
    """The image-level labels of both splits; ``path`` None: those that ship with the project.

    ``expected``: the check figures trainaug, simple, complex, pairs and val.  Raises ``DataError`` if the file is
    missing, has an unknown split, class or a strange image id, or if a figure differs.
    """
    path = Path(path or LABELS)
    if not path.is_file():
        raise DataError(f"{path} is missing: correct dataset.voc2012.labels, or leave it null for the shipped labels")
    labels: Labels = {split: {} for split in SPLITS}
    for line, row in read_rows(path, ("image_id", "split", "classes")):
        image_id, split, classes = (row[k] for k in ("image_id", "split", "classes"))
        unknown = [c for c in classes.split() if c not in CLASSES[1:]]
        # Ids become file names.
        if split not in SPLITS or unknown or not classes.split() or not re.fullmatch(r"\w[\w.-]*", image_id):
            raise DataError(
                f"{path} has the row '{image_id},{split},{classes}': give an image id, trainaug or val, and at "
                "least one VOC class"
            )
        if image_id in labels[split]:
            raise DataError(f"{path} has two rows of {image_id} (again in line {line}): give it one with all classes")
        labels[split][image_id] = classes
    check_figures(figures(labels), expected, path)
    return labels


def figures(labels: Labels) -> dict[str, int]:
    """Images of both splits; of trainaug those with one class and with more, and (image, class) pairs."""
    counts = Counter(len(classes.split()) for classes in labels["trainaug"].values())
    images = counts.total()
    return {
        "trainaug": images,
        "simple": counts[1],
        "complex": images - counts[1],
        "pairs": sum(count * number for count, number in counts.items()),
        "val": len(labels["val"]),
    }


def check_figures(found: dict[str, int], expected: dict[str, int], path: Path) -> None:
    """Raises ``DataError`` naming the first of ``found`` that is not as ``expected``."""
    meaning = {
        "trainaug": "training images",
        "simple": "training images with one class",
        "complex": "training images with two or more classes",
        "pairs": "(image, class) pairs in training images",
        "val": "validation images",
        "test": "test images",
    }
    for name, count in found.items():
        if count != expected[name]:
            raise DataError(
                f"{path} has {count} {meaning[name]}, but {expected[name]} are expected: restore the file, or set "
                f"dataset.voc2012.expected.{name} if the data are meant to be others"
            )
