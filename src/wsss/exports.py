"""From a labelling tool's export to a folder in the one on-disk form:

python -m wsss.exports EXPORT FOLDER [--val 0.2] [--pictures FOLDER] [--crowds objects]
"""

import argparse
import csv
import shutil
import sys
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from wsss.artifacts import written_aside
from wsss.data import BMP, JPEG, PNG, RIFF, DataError
from wsss.data_checks import check_lies_over, picture_size
from wsss.export_forms import Export, read_export
from wsss.given_lists import PICTURE_SUFFIXES
from wsss.label_io import write_label

SHARE = 0.2


def bring(export: Export, folder: Path, share: float = SHARE) -> str:
    """Writes ``folder`` and returns what was brought; a picture whose mask shows no class has no label and is left out.

    Image-level labels are the classes of the masks.  ``share``: of the pictures that validate, if the export has no
    lists of its own.  Raises ``DataError``, and then leaves nothing.
    """
    if folder.exists():
        raise DataError(f"{folder} is there already: name a folder that is not")
    labels: dict[str, list[str]] = {}  # of all pictures, also of those without any class
    with written_aside(folder) as aside:
        for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
            (aside / name).mkdir(parents=True)
        for image_id, picture, mask in export.items:
            check_lies_over(Path(f"{export.tool}'s mask of {image_id}"), mask, picture, picture_size(picture))
            labels[image_id] = [export.names[c] for c in np.unique(mask) if 0 < c < 255]
            if labels[image_id]:
                shutil.copyfile(picture, aside / f"JPEGImages/{image_id}{_suffix(picture)}")
                write_label(aside / f"SegmentationClass/{image_id}.png", mask)
        splits = {s: [i for i in ids if labels[i]] for s, ids in _splits(export, labels, share).items()}
        if not all(splits.values()):
            raise DataError(
                f"{len(labels)} pictures, of which {sum(map(bool, labels.values()))} show a class, are too few for "
                "training and validation: label more, or set --val otherwise"
            )
        _write_lists(aside, export.names, labels, splits)
    parts = ", ".join(f"{len(ids)} for {split}" for split, ids in splits.items())
    empty = sum(not shown for shown in labels.values())
    left = f"; {empty} pictures without any class are left out" if empty else ""
    return f"{folder} has pictures of {export.tool}'s ({parts}) and {len(export.names) - 1} classes{left}"


def _suffix(picture: Path) -> str:
    """That of the copy, by which it is found again: browsers save JPEG as .jfif, too."""
    if picture.suffix.lower() in PICTURE_SUFFIXES:
        return picture.suffix
    with open(picture, "rb") as stream:
        known = stream.read(8).startswith((JPEG, PNG, BMP, RIFF))
    if not known:
        raise DataError(f"{picture} is neither JPEG nor PNG: save pictures as one of these, and export again")
    return ".jpg"


def _splits(export: Export, ids: Collection[str], share: float) -> dict[str, list[str]]:
    """The export's own lists, or a division that depends on each name alone: it stays when pictures are added."""
    if missing := [i for listed in export.splits.values() for i in listed if i not in ids]:
        raise DataError(f"{export.tool}'s lists name {missing[0]}, which has no mask: export both at once")
    if export.splits:
        return export.splits
    # Roboflow's copies of one picture, a_jpg.rf.{checksum}, stay together.
    place = {i: int(sha256(i.rpartition(".rf.")[0].encode() or i.encode()).hexdigest()[:8], 16) / 16**8 for i in ids}
    return {"train": [i for i in ids if place[i] >= share], "val": [i for i in ids if place[i] < share]}


def _write_lists(folder: Path, names: Sequence[str], labels: dict[str, list[str]], splits: dict[str, list[str]]):
    (folder / "classes.txt").write_text("".join(f"{n}\n" for n in names), encoding="utf-8")
    rows = [(i, split, " ".join(labels[i])) for split, ids in splits.items() for i in ids]
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("image_id", "split", "classes"), *rows])
    for split, ids in splits.items():
        path = folder / f"ImageSets/Segmentation/{split}.txt"
        path.write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m wsss.exports", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("export", type=Path, help="folder of labelme2voc or CVAT, or a .json of COCO's form")
    parser.add_argument("folder", type=Path, help="what is written, for dataset.path")
    parser.add_argument("--val", type=float, default=SHARE, help="share of the pictures that validate")
    parser.add_argument("--pictures", type=Path, help="folder of the pictures, if the export has none")
    parser.add_argument("--crowds", choices=("ignored", "objects"), default="ignored", help="dataset.coco.crowds")
    given = parser.parse_args(arguments)
    try:
        print(bring(read_export(given.export, given.pictures, given.crowds), given.folder, given.val))
    except (ValueError, OSError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
