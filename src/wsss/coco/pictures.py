"""COCO's pictures, lists and image-level labels in the one on-disk form.  Looks at no object's shape."""

import csv
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wsss.artifacts import written_aside
from wsss.coco.annotations import Instances, file_of, image_id, read_instances
from wsss.data import DataError
from wsss.data_checks import picture_size
from wsss.given_lists import PICTURE_SUFFIXES


def prepare_pictures(
    annotations: Path, pictures: Path, folder: Path, *, year: int, progress: Callable, crowds: str = "ignored"
) -> None:
    """Writes ``folder``: JPEGImages (links), ImageSets/Segmentation/{train,val}.txt, labels.csv, classes.txt,
    supercategories.csv.

    Pictures without an object of any class have no image-level label; they are in no list, and the log counts them.
    ``crowds``: see ``read_instances``.  Raises ``DataError`` if an annotation file or a picture is missing, or the
    splits have different categories or a picture in common.
    """
    splits = {s: read_instances(annotations, s, year, crowds) for s in ("train", "val")}
    first, second = splits.values()
    if first.names != second.names:
        raise DataError(f"{first.file} and {second.file} have different categories: take both of one release")
    if both := sorted({image_id(i) for i in first.images.values()} & {image_id(i) for i in second.images.values()}):
        raise DataError(f"{first.file} and {second.file} share {len(both)} pictures (first: {both[0]}): rename them")
    rows = []
    with written_aside(folder / "JPEGImages") as aside:
        aside.mkdir(parents=True)
        for split, instances in splits.items():
            labelled = _labelled(instances)
            progress.say(f"{split}: {len(instances.images) - len(labelled)} pictures show no class and are left out")
            if instances.crowds:
                progress.say(f"{split}: {instances.crowds} annotations are crowds (iscrowd 1) and give no label")
            for image, classes in progress(labelled, len(labelled)):
                source = _source(instances.file, Path(pictures) / f"{split}{year}", image)
                suffix = source.suffix if source.suffix.lower() in PICTURE_SUFFIXES else ".jpg"
                (aside / f"{image_id(image)}{suffix}").symlink_to(source.resolve())
                rows.append((image_id(image), split, " ".join(classes)))
    _write(folder / "labels.csv", [("image_id", "split", "classes"), *rows])
    _write(folder / "supercategories.csv", [("class", "supercategory"), *first.supercategories.items()])
    _write_lines(folder / "classes.txt", first.names)
    for split in splits:
        _write_lines(folder / "ImageSets" / "Segmentation" / f"{split}.txt", (r[0] for r in rows if r[1] == split))


def _labelled(instances: Instances) -> list[tuple[dict, list[str]]]:
    """The images that show a class, by id, with the names of their classes."""
    found = sorted(instances.classes_of_images().items())
    labelled = [(instances.images[i], [instances.names[c] for c in classes]) for i, classes in found if classes]
    if not labelled:
        raise DataError(
            f"{instances.file}: no picture has an object, so none has a label ({instances.crowds} of "
            f"{len(instances.annotations)} annotations are crowds, iscrowd 1): annotate objects, or set "
            "dataset.coco.crowds to objects if that marks painted ones"
        )
    return labelled


def _source(file: Path, folder: Path, image: Mapping[str, Any]) -> Path:
    """The file of a picture, whose size is the one its shapes are drawn for."""
    names = (str(file_of(image)), *(unicodedata.normalize(form, str(file_of(image))) for form in ("NFC", "NFD")))
    source = next((folder / name for name in names if (folder / name).is_file()), None)
    if source is None:
        raise DataError(
            f"{folder / names[0]} is missing though COCO's annotations list it: unpack its split's pictures there"
        )
    if (size := picture_size(source)) != (image["height"], image["width"]):
        raise DataError(
            f"{file} says that {source} is {image['width']}×{image['height']} px, but as it is shown it is "
            f"{size[1]}×{size[0]}: export the annotations of this very picture"
        )
    return source


def _write(path: Path, rows: Iterable[tuple]) -> None:
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with written_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
