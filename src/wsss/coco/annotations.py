"""What COCO's files of instances say, and of whom."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsss.data import DataError


@dataclass(frozen=True)
class Instances:
    """One split.  ``labels``: COCO's category id → index from 1, in the order of the ids, which have gaps."""

    file: Path
    images: dict[int, dict[str, Any]]
    annotations: list[dict[str, Any]]
    labels: dict[int, int]
    names: list[str]  # background first, no blanks
    supercategories: dict[str, str]

    def classes_of_images(self) -> dict[int, list[int]]:
        """Image id → ascending indices of the classes that it has an object of; regions of crowds do not count."""
        found: dict[int, set[int]] = {i: set() for i in self.images}
        for a in self.annotations:
            if not a.get("iscrowd"):
                found[a["image_id"]].add(self.labels[a["category_id"]])
        return {i: sorted(classes) for i, classes in found.items()}


def read_instances(folder: Path, split: str, year: int) -> Instances:
    """The annotations of "train" or "val".  Raises ``DataError`` if the file is missing or is none of instances."""
    file = Path(folder) / f"instances_{split}{year}.json"
    if not file.exists():
        raise DataError(f"{file} is missing: unpack COCO's annotations there, or name their folder as annotations")
    try:
        content = json.loads(file.read_bytes())
        categories = sorted(content["categories"], key=lambda c: c["id"])
        images = {image["id"]: image for image in content["images"]}
        annotations = content["annotations"]
        strangers = [a for a in annotations if a["image_id"] not in images]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} is no file of COCO instances ({type(error).__name__} {error}): get it again") from None
    if strangers:
        raise DataError(f"{file} annotates the image {strangers[0]['image_id']}, which it does not list: get it again")
    names = [c["name"].replace(" ", "_") for c in categories]
    return Instances(
        file,
        images,
        annotations,
        {c["id"]: i for i, c in enumerate(categories, 1)},
        ["background", *names],
        {name: c.get("supercategory", "") for name, c in zip(names, categories, strict=True)},
    )


def image_id(image: dict[str, Any]) -> str:
    """The id under which the data set keeps an image: its file's name without the suffix."""
    return Path(image["file_name"]).stem
