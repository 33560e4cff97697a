"""What files of COCO's form say, and of whom: MS-COCO's own, and exports of labelling tools."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from wsss.data import DataError
from wsss.given_lists import BACKGROUND, LARGEST_INDEX, check_name, composed, is_id


@dataclass(frozen=True)
class Instances:
    """One split.  ``labels``: category id → index from 1, in the order of the ids, which have gaps; 0: background.

    ``annotations``: objects and, with ``iscrowd`` 1, regions of crowds.
    """

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
            if not a["iscrowd"]:
                found[a["image_id"]].add(self.labels[a["category_id"]])
        return {i: sorted(classes - {0}) for i, classes in found.items()}

    @property
    def crowds(self) -> int:
        return sum(a["iscrowd"] for a in self.annotations)


def read_instances(folder: Path, split: str, year: int, crowds: str = "ignored") -> Instances:
    """The annotations of "train" or "val", see ``read_annotations``.  Raises ``DataError`` if the file is missing."""
    file = Path(folder) / f"instances_{split}{year}.json"
    if not file.exists():
        raise DataError(f"{file} is missing: unpack COCO's annotations there, or name their folder as annotations")
    return read_annotations(file, crowds)


def read_annotations(file: Path, crowds: str = "ignored") -> Instances:
    """The annotations of one file.

    ``crowds``: "objects" takes what is marked as a crowd for an object, as CVAT marks those that were painted.  Raises
    ``DataError`` if the file is none of instances, and if what it says cannot be represented.
    """
    try:
        content = json.loads(file.read_bytes())
        found = Instances(file, _images(file, content["images"]), *_annotated(file, content))
        strangers = [a for a in found.annotations if a["image_id"] not in found.images]
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{file} is no file of COCO instances ({type(error).__name__} {error}): get it again") from None
    if strangers:
        raise DataError(
            f"{file} annotates the image {strangers[0]['image_id']!r}, which it does not list: get it again"
        )
    if crowds == "objects":
        return replace(found, annotations=[a | {"iscrowd": False} for a in found.annotations])
    return found


def image_id(image: Mapping[str, Any]) -> str:
    """The id under which the data set keeps an image: its file's name without folder and suffix."""
    return composed(file_of(image).stem)


def file_of(image: Mapping[str, Any]) -> PurePosixPath:
    """Tools that run on Windows separate folders by backslashes."""
    return PurePosixPath(image["file_name"].replace("\\", "/"))


def _images(file: Path, listed: Iterable[dict]) -> dict[int, dict]:
    images = _once(file, listed, lambda image: image["id"], "image")
    _once(file, images.values(), image_id, "picture")
    for image in images.values():
        if not is_id(image_id(image)):
            raise DataError(f"{file} lists the picture {image['file_name']!r}, which is no name of a file: rename it")
        sides = {side: _pixels(image.get(side)) for side in ("width", "height")}
        if not all(sides.values()):
            raise DataError(f"{file} gives the picture {image['file_name']} no width and height in pixels: add them")
        image.update(sides)
    return images


def _pixels(value: Any) -> int:
    """A side in pixels, which tables of some programs make 640.0; 0 if it is none."""
    return max(0, int(value)) if isinstance(value, (int, float)) and float(value).is_integer() else 0


def _annotated(file: Path, content: Mapping[str, Any]) -> tuple[list[dict], dict[int, int], list[str], dict[str, str]]:
    """Annotations, labels, names and supercategories, see ``Instances``."""
    listed = _once(file, content["categories"], lambda category: category["id"], "category")
    categories = [listed[i] | {"name": _one_word(listed[i]["name"])} for i in sorted(listed)]
    root = _root(categories, {a["category_id"] for a in content["annotations"]})
    things = [c for c in categories if c["name"].lower() not in BACKGROUND and c["id"] != root]
    _once(file, things, lambda category: category["name"], "category")
    for category in things:
        check_name(f"{file}, category {category['id']}", category["name"])
    if not 0 < len(things) <= LARGEST_INDEX:
        raise DataError(f"{file} has {len(things)} categories: from 1 to {LARGEST_INDEX} can be told apart in a mask")
    labels = {c["id"]: 0 for c in categories} | {c["id"]: i for i, c in enumerate(things, 1)}
    annotations = [a | {"iscrowd": _flag(file, a)} for a in content["annotations"]]
    if unknown := next((a for a in annotations if a["category_id"] not in labels), None):
        raise DataError(
            f"{file} annotates an object of the category {unknown['category_id']!r} (annotation {unknown.get('id')}), "
            "which it does not list: add the category, or remove its annotations"
        )
    names = [c["name"] for c in things]
    return annotations, labels, ["background", *names], {c["name"]: str(c.get("supercategory") or "") for c in things}


def _one_word(name: str) -> str:
    return composed("_".join(name.split()))


def _root(categories: Sequence[Mapping[str, Any]], annotated: Collection[Any]) -> Any:
    """The id of what Roboflow puts first: the project, of which all classes are a kind and no object is one."""
    for c in categories:
        others = {_one_word(str(other.get("supercategory"))) for other in categories if other is not c}
        if c.get("supercategory") == "none" and others == {c["name"]} and c["id"] not in annotated:
            return c["id"]
    return None


def _flag(file: Path, annotation: Mapping[str, Any]) -> bool:
    value = annotation.get("iscrowd") or 0
    if value not in (0, 1):
        raise DataError(f"{file} has iscrowd {value!r} in annotation {annotation.get('id')}: it is 0 or 1")
    return bool(value)


def _once(file: Path, items: Iterable[Any], key: Callable[[Any], Any], what: str) -> dict:
    """Key → item.  Raises ``DataError`` if two have the same, of which one would be lost."""
    found: dict = {}
    for item in items:
        if (at := key(item)) in found:
            raise DataError(f"{file} lists the {what} {at!r} twice: give each its own, or remove one")
        found[at] = item
    return found
