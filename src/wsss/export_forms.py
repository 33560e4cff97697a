"""What labelling tools export: labelme (labelme2voc), CVAT (Segmentation mask 1.1), and others in COCO's form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsss.coco.annotations import file_of, image_id, read_annotations
from wsss.coco.masks import draw_mask
from wsss.coco.shapes import ShapeError
from wsss.data import DataError
from wsss.data_files import Files, maps_in, pictures_in
from wsss.given_lists import BACKGROUND, check_names, read_ids, read_lines
from wsss.label_io import loaded
from wsss.mask_checks import shown_classes

CALLED = {"train": ("train", "training"), "val": ("val", "valid", "validation")}  # lists, in any case of letters
WHOLE = ("default", "trainval", "all")  # lists that divide nothing


@dataclass(frozen=True)
class Export:
    """``names``: background first.  ``items``: (image id, picture, (H, W) uint8 mask), read one by one.

    ``splits``: "train" and "val" with their ids, if the export has both.
    """

    tool: str
    names: list[str]
    items: Iterator[tuple[str, Path, np.ndarray]]
    splits: dict[str, list[str]]


def read_export(source: Path, pictures: Path | None = None, crowds: str = "ignored") -> Export:
    """Tells by its files what an export is.

    ``source``: a folder, or a file of COCO's form.  ``pictures``: their folder, if the export has none.  Raises
    ``DataError``, here or while items are read.
    """
    if source.is_file() and source.suffix.lower() == ".json":
        return _coco(source, pictures, crowds)
    if (source / "class_names.txt").is_file():
        return _labelme(source, pictures)
    if (source / "labelmap.txt").is_file():
        return _cvat(source, pictures)
    raise DataError(
        f"{source} is no export that is known: name a folder with class_names.txt (labelme2voc) or labelmap.txt (of "
        "CVAT's Segmentation mask), or a .json of COCO's form"
    )


def _labelme(source: Path, pictures: Path | None) -> Export:
    lines = [(n, _one_word(name)) for n, name in read_lines(source / "class_names.txt") if name != "__ignore__"]
    check_names(source / "class_names.txt", lines)
    names = [name for _, name in lines]
    if not names or names[0].lower() not in BACKGROUND:
        raise DataError(f"{source / 'class_names.txt'} does not begin with _background_: export with labelme2voc")
    place = source / "SegmentationClassPNG"
    masks = maps_in(place if place.is_dir() else source / "SegmentationClass")

    def read(path: Path) -> np.ndarray:
        return shown_classes(path, len(names), any_palette=False)[0]

    return Export("labelme", names, _pairs(pictures or source / "JPEGImages", masks, read), _splits(source))


def _cvat(source: Path, pictures: Path | None) -> Export:
    colours = _label_map(source / "labelmap.txt")
    names = list(colours)
    known = {colour: i for i, colour in enumerate(colours.values())}

    def read(path: Path) -> np.ndarray:
        return _by_colour(path, known)

    masks = maps_in(source / "SegmentationClass")
    return Export("CVAT", names, _pairs(pictures or source / "JPEGImages", masks, read), _splits(source))


def _label_map(path: Path) -> dict[str, int]:
    """Name → colour as 0xRRGGBB, background first; lines are ``label:r,g,b:parts:actions``."""
    colours: dict[str, int] = {}
    for line, text in read_lines(path):
        if text.startswith("#"):
            continue
        found = re.fullmatch(r"(.+?):(\d+),(\d+),(\d+):[^:]*:[^:]*", text)
        if not found or max(values := [int(v) for v in found.groups()[1:]]) > 255:
            raise DataError(f"{path}, line {line}: '{text}' is not label:r,g,b:parts:actions: export it again")
        name, colour = _one_word(found[1]), values[0] << 16 | values[1] << 8 | values[2]
        if colour in colours.values() or name in colours:
            raise DataError(f"{path}, line {line}: '{name}' has a name or colour of a line before: give each its own")
        colours[name] = colour
    background = next((n for n in colours if n.lower() in BACKGROUND), "background")
    colours = {background: colours.get(background, 0)} | colours
    if len(set(colours.values())) < len(colours):
        raise DataError(f"{path} paints a class black, and no label is background: black is what was not labelled")
    check_names(path, list(enumerate(colours, 1)))
    return colours


def _by_colour(path: Path, known: dict[int, int]) -> np.ndarray:
    """A mask's indices by the colours in which it is painted."""
    image, _ = loaded(path)
    if image.mode not in ("RGB", "P"):
        raise DataError(f"{path} has mode {image.mode}, not colours: export CVAT's Segmentation mask 1.1")
    red, green, blue = np.moveaxis(np.array(image.convert("RGB")).astype(np.int32), 2, 0)
    found, where = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    strange = [c for c in found.tolist() if c not in known]
    if strange:
        colour = strange[0] >> 16, strange[0] >> 8 & 255, strange[0] & 255
        raise DataError(f"{path} is painted in {colour}, which labelmap.txt does not list: export both at once")
    return np.array([known[c] for c in found.tolist()], np.uint8)[where].reshape(red.shape)


def _coco(file: Path, pictures: Path | None, crowds: str) -> Export:
    instances = read_annotations(file, crowds)
    by_image: dict[int, list[dict]] = {i: [] for i in instances.images}
    for annotation in instances.annotations:
        by_image[annotation["image_id"]].append(annotation)
    places = [pictures] if pictures else [file.parent, *(file.parent.parent / p for p in ("images", "images/default"))]
    places += [] if pictures else [file.parent / "images"]

    def items() -> Iterator[tuple[str, Path, np.ndarray]]:
        for i, image in instances.images.items():
            name = str(file_of(image))
            candidates = [place / part for place in places for part in (name, Path(name).name)]
            path = next((c for c in candidates if c.is_file()), None)
            if path is None:
                raise DataError(f"{candidates[0]} is missing though {file} lists it: name its folder with --pictures")
            try:
                yield image_id(image), path, draw_mask(image, by_image[i], instances.labels)
            except ShapeError as error:
                raise DataError(f"{file}: the shapes of {name} cannot be drawn ({error}): export polygons") from None

    return Export("COCO", instances.names, items(), {})


def _pairs(folder: Path, masks: Files, read) -> Iterator[tuple[str, Path, np.ndarray]]:
    """All masks with their pictures."""
    pictures = pictures_in(folder)
    if nested := next(masks.folder.glob("*/**/*.png"), None):
        raise DataError(
            f"{nested} lies in a folder of its own, and {masks.folder} has to hold all masks: export in COCO's form, "
            "which keeps folders"
        )
    if not masks.ids:
        raise DataError(f"{masks.folder} holds no mask .png: export masks, or name the folder that holds it")
    for name in sorted(masks.ids):
        if (picture := pictures.get(name)) is None:
            raise DataError(
                f"{pictures.named(name)} is missing though {masks.folder} has its mask: export the pictures, too, or "
                f"name their folder with --pictures{pictures.hint(name)}"
            )
        yield name, picture, read(masks.get(name))


def _splits(source: Path) -> dict[str, list[str]]:
    """The lists of training and validation, as tools call them; {} if the export has one list, of all pictures.

    Raises ``DataError`` for several of which none is one of the two: whoever divided the pictures meant something.
    """
    folder = source / "ImageSets/Segmentation"
    lists = {f.stem: f for f in sorted(folder.glob("*.txt")) if not f.name.startswith(".")}
    lists = {name: file for name, file in lists.items() if name.lower() not in WHOLE}
    files = {split: [f for name, f in lists.items() if name.lower() in names] for split, names in CALLED.items()}
    if all(len(found) == 1 for found in files.values()):
        return {split: read_ids(file) for split, (file,) in files.items()}
    if len(lists) > 1:
        raise DataError(
            f"{folder} has the lists {', '.join(lists)}, which do not say what trains and what validates: call one "
            "train.txt and one val.txt, or remove them"
        )
    return {}


def _one_word(name: str) -> str:
    return "_".join(name.split())
