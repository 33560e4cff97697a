"""Data sets are checked once, before anything is computed from them; no module that trains imports this one."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from wsss.artifacts import written_aside
from wsss.data import DataError, Picture, check_size, decode_picture, orientation
from wsss.data_files import Files, maps_in, pictures_in
from wsss.decoder_complaints import Complaints
from wsss.given_lists import ImageLabel, hint, read_class_names, read_image_labels, split_ids
from wsss.label_io import read_gray
from wsss.mask_checks import Disagreement, shown_classes
from wsss.missing import missing

COLUMNS = ("image_id", "split", "width", "height", "classes", "kind", "picture", "sha256")


# --- pictures -----------------------------------------------------------------------------------------------------


def check_images(
    folder: Path, images: Path, splits: Sequence[str], progress: Callable = iter, background: str | None = None
) -> list[str]:
    """Checks pictures and image-level labels of a folder in VOC layout; writes ``images`` and returns the class names.

    Every picture is decoded, so a truncated one is found here.  Reads no mask.  ``background``: see
    ``read_class_names``.  Raises ``DataError`` naming the file, what is wrong with it and what to do.
    """
    _demand_folder(folder)
    classes = read_class_names(folder / "classes.txt", background)
    labels = read_image_labels(folder / "labels.csv", classes)
    files, rows, known = pictures_in(folder / "JPEGImages"), [], {}
    for split in splits:
        ids = split_ids(folder, split)
        if both := [i for i in ids if i in known]:
            raise DataError(
                f"{len(both)} images are in the splits '{known[both[0]]}' and '{split}' (first: {both[0]}): take them "
                f"out of one, or scores would be those of training pictures"
            )
        known |= dict.fromkeys(ids, split)
        _demand_pictures(files, ids, split)
        _demand_labels(folder / "labels.csv", labels, ids, split, splits)
        rows += [(i, split, " ".join(labels[i].classes)) for i in ids]
    with Complaints() as complaints:
        _write_csv(images, COLUMNS, (_image_row(files, complaints, *row) for row in progress(rows)))
    return classes


def check_unlabelled(folder: Path, images: Path, split: str, progress: Callable = iter) -> None:
    """Checks the pictures of a split without labels, such as VOC's test; writes ``images``.

    Its rows have no class: they can be predicted, and nothing that trains or scores is given this file.
    """
    _demand_folder(folder)
    files, rows = pictures_in(folder / "JPEGImages"), split_ids(folder, split)
    _demand_pictures(files, rows, split)
    with Complaints() as complaints:
        _write_csv(images, COLUMNS, (_image_row(files, complaints, i, split, "") for i in progress(rows)))


def _demand_folder(folder: Path) -> None:
    """Raises ``DataError`` if there is no such folder: nothing in it is missing then, its own name is wrong."""
    if not folder.is_dir():
        raise DataError(missing(folder / "classes.txt"))


def _demand_pictures(files: Files, ids: Iterable[str], split: str) -> None:
    if absent := files.lacking(ids):
        raise DataError(
            f"{files.named(absent[0])} is missing though split '{split}' lists it: add the picture or take it out of "
            f"the split{files.hint(absent[0])}"
        )


def _demand_labels(
    path: Path, labels: Mapping[str, ImageLabel], ids: Iterable[str], split: str, splits: Sequence[str]
) -> None:
    missing = [i for i in ids if not (i in labels and labels[i].classes)]
    if missing:
        raise DataError(
            f"{path} gives no class for {len(missing)} images of split '{split}' (first: {missing[0]}): add their "
            f"image-level labels or take them out of the split{hint(missing[0], labels)}"
        )
    # A list may be a part of what the file calls a split, but not of the other one.
    astray = [i for i in ids if labels[i].split != split and labels[i].split in splits]
    if astray:
        raise DataError(
            f"{path} says that {len(astray)} images are of the split '{labels[astray[0]].split}', and the list of "
            f"'{split}' holds them (first: {astray[0]}, line {labels[astray[0]].line}): correct one of the two"
        )


def _image_row(files: Files, complaints: Complaints, image_id: str, split: str, classes: str) -> tuple:
    path = files.get(image_id)
    data = path.read_bytes()
    with complaints.about(path):
        height, width = decode_picture(path, data).shape[:2]
    kind = {0: "", 1: "simple"}.get(len(classes.split()), "complex")
    return image_id, split, width, height, classes, kind, path, sha256(data).hexdigest()


# --- what lies over pictures --------------------------------------------------------------------------------------


def check_saliency(
    pictures: Sequence[Picture], folder: Path, saliency: Path, progress: Callable = iter, *, made: bool = False
) -> list[str]:
    """Checks that ``folder`` has a map ``{id}.png`` of each of a split's pictures, of its size; writes ``saliency``.

    ``made``: from the pictures as they are read, or checked before.  Returns what is odd about them, a sentence each.
    Raises ``DataError`` naming the file, what is wrong with it and what to do.
    """
    files, most = maps_in(folder), []
    if absent := files.lacking(p.image_id for p in pictures):
        raise DataError(
            f"{folder} lacks the maps of {len(absent)} images of split '{pictures[0].split}' "
            f"(first: {absent[0]}.png): add 8-bit maps from a saliency detector, or take the images out of "
            f"it, or have dataset.saliency make them{files.hint(absent[0])}"
        )

    def rows() -> Iterable[tuple]:
        for picture in progress(pictures):
            path = files.get(picture.image_id)
            array = read_gray(path)
            size = picture.height, picture.width
            if made:
                check_size(path, array, size)
            else:
                check_lies_over(path, array, picture.path, size)
            most.append(int(array.max()))
            yield picture.image_id, path, sha256(path.read_bytes()).hexdigest()
        check_range(folder, most)

    _write_csv(saliency, ("image_id", "saliency", "sha256"), rows())
    black = most.count(0)
    return [f"{black} of {len(most)} saliency maps are black: nothing in these pictures is salient"] if black else []


def check_range(source: Path, most: Sequence[int]) -> None:
    """Raises ``DataError`` if the largest values of all maps are 0 and 1: they are of 255, and so nearly black."""
    if most and max(most) == 1:
        raise DataError(
            f"{source} holds saliency maps of the values 0 and 1 only, and saliency goes to 255: multiply them by 255"
        )


def check_masks(
    folder: Path,
    masks: Path,
    splits: Iterable[str],
    progress: Callable = iter,
    *,
    allowed: float = 0.05,
    any_palette: bool = False,
    background: str | None = None,
    needed: str = "evaluation needs the mask of every image of its splits",
) -> list[Disagreement]:
    """Checks the ground-truth masks of the splits against pictures, classes and image-level labels; writes ``masks``.

    ``allowed``: the share of a split's pictures whose mask and label may differ.  ``any_palette``: colours of palettes
    mean nothing.  ``needed``: what the sentence about a missing mask says that they are for.  Returns where masks and
    labels do differ, of each split.  Raises ``DataError``.
    """
    _demand_folder(folder)
    classes = read_class_names(folder / "classes.txt", background)
    labels = read_image_labels(folder / "labels.csv", classes)
    pictures, files = pictures_in(folder / "JPEGImages"), maps_in(folder / "SegmentationClass")
    ids = {split: split_ids(folder, split) for split in splits}
    shown: dict[str, frozenset[int]] = {}
    for split, listed in ids.items():
        _demand_pictures(pictures, listed, split)
        if missing := files.lacking(listed):
            others = f", and so are those of {len(missing) - 1} more pictures" if missing[1:] else ""
            raise DataError(f"{files.named(missing[0])} is missing{others}: {needed}{files.hint(missing[0])}")

    def rows() -> Iterable[tuple]:
        for image_id in progress([i for listed in ids.values() for i in listed]):
            path, picture = files.get(image_id), pictures.get(image_id)
            mask, shown[image_id] = shown_classes(path, len(classes), any_palette=any_palette)
            check_lies_over(path, mask, picture, picture_size(picture))
            yield image_id, path, sha256(path.read_bytes()).hexdigest()

    index = {name: i for i, name in enumerate(classes)}
    with written_aside(Path(masks)) as aside:
        _write_rows(aside, ("image_id", "mask", "sha256"), rows())
        said = {i: frozenset(index[c] for c in label.classes) for i, label in labels.items() if label.classes}
        found = [
            Disagreement(folder, split, classes, {i: (shown[i], said[i]) for i in listed if i in said})
            for split, listed in ids.items()
        ]
        for one in found:
            one.refuse_beyond(allowed)
    return found


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture as it is read, from its header.  Raises ``DataError`` if it has none."""
    try:
        with Image.open(path) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} cannot be decoded as a picture ({error}): copy it again or replace it") from error
    return (width, height) if orientation(path.read_bytes()) >= 5 else (height, width)


def check_lies_over(path: Path, array: np.ndarray, picture: Path, size: tuple[int, int]) -> None:
    """``check_size``, and for a picture that EXIF turns: what was drawn was drawn over the upright one, as it is read.

    Labelling tools show pictures upright, other programs as they are stored; sizes tell, but not of half turns,
    mirrored and square pictures, which are refused.
    """
    turn = orientation(picture.read_bytes())
    stored = size[::-1] if turn >= 5 else size
    if turn == 1 or array.shape != stored:
        return check_size(path, array, size)
    shown = f"{picture} is turned by EXIF (orientation {turn})"
    if stored != size:
        raise DataError(
            f"{shown} and read as {size[1]}×{size[0]} px, but {path} lies over it as it is stored: turn that as well, "
            "or save the picture without the tag"
        )
    raise DataError(
        f"{shown}, and the size of {path} does not tell whether it lies over the picture as it is stored or as it is "
        "shown: save the picture as the other was drawn, without the tag"
    )


def _write_csv(path: Path, header: tuple, rows: Iterable[tuple]) -> None:
    with written_aside(Path(path)) as aside:
        _write_rows(aside, header, rows)


def _write_rows(path: Path, header: tuple, rows: Iterable[tuple]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header])
        csv.writer(stream).writerows(rows)
