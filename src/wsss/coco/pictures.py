"""COCO's pictures, lists and image-level labels in the one on-disk form.  Looks at no object's shape."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from wsss.artifacts import written_aside
from wsss.coco.annotations import Instances, image_id, read_instances
from wsss.data import DataError


def prepare_pictures(annotations: Path, pictures: Path, folder: Path, *, year: int, progress: Callable) -> None:
    """Writes ``folder``: JPEGImages (links), ImageSets/Segmentation/{train,val}.txt, labels.csv, classes.txt,
    supercategories.csv.

    Pictures without an object of any class have no image-level label; they are in no list, and the log counts them.
    Raises ``DataError`` if an annotation file or a picture is missing, or the splits have different categories.
    """
    splits = {s: read_instances(annotations, s, year) for s in ("train", "val")}
    first, second = splits.values()
    if first.names != second.names:
        raise DataError(f"{first.file} and {second.file} have different categories: take both of one release")
    rows = []
    with written_aside(folder / "JPEGImages") as aside:
        aside.mkdir(parents=True)
        for split, instances in splits.items():
            labelled = _labelled(instances)
            progress.say(f"{split}: {len(instances.images) - len(labelled)} pictures show no class and are left out")
            for image, classes in progress(labelled, len(labelled)):
                _link(Path(pictures) / f"{split}{year}" / image["file_name"], aside / f"{image_id(image)}.jpg")
                rows.append((image_id(image), split, " ".join(classes)))
    _write(folder / "labels.csv", [("image_id", "split", "classes"), *rows])
    _write(folder / "supercategories.csv", [("class", "supercategory"), *first.supercategories.items()])
    _write_lines(folder / "classes.txt", first.names)
    for split in splits:
        _write_lines(folder / "ImageSets" / "Segmentation" / f"{split}.txt", (r[0] for r in rows if r[1] == split))


def _labelled(instances: Instances) -> list[tuple[dict, list[str]]]:
    """The images that show a class, by id, with the names of their classes."""
    found = sorted(instances.classes_of_images().items())
    return [(instances.images[i], [instances.names[c] for c in classes]) for i, classes in found if classes]


def _link(source: Path, target: Path) -> None:
    if not source.exists():
        raise DataError(f"{source} is missing though COCO's annotations list it: unpack its split's pictures there")
    target.symlink_to(source.resolve())


def _write(path: Path, rows: Iterable[tuple]) -> None:
    with written_aside(path) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with written_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines))
