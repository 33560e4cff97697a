"""Ground-truth masks drawn from COCO's instances, for evaluation and full supervision."""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wsss.artifacts import written_aside
from wsss.coco.annotations import image_id, read_instances
from wsss.coco.shapes import ShapeError, drawn
from wsss.data import DataError
from wsss.label_io import write_label
from wsss.parallel import map_pictures


def prepare_masks(
    annotations: Path,
    target: Path,
    ids: dict[str, Collection[str]],
    *,
    year: int,
    progress: Callable,
    processes: int = 1,
    crowds: str = "ignored",
) -> None:
    """Writes ``target``, a folder of palette PNGs with the masks of ``ids`` ("train" and "val").

    ``crowds``: see ``read_instances``.  Raises ``DataError`` naming an annotation that cannot be drawn.
    """
    with written_aside(target) as aside:
        aside.mkdir(parents=True)
        for split, wanted in ids.items():
            instances = read_instances(annotations, split, year, crowds)
            by_image: dict[int, list[dict]] = {i: [] for i in instances.images}
            for a in instances.annotations:
                by_image[a["image_id"]].append(a)
            chosen = set(wanted)
            work = [(image, by_image[i]) for i, image in instances.images.items() if image_id(image) in chosen]
            draw = partial(_write, labels=instances.labels, folder=aside, file=instances.file)
            for _ in progress(map_pictures(draw, work, processes), len(work), "masks"):
                pass


def draw_mask(image: dict[str, Any], annotations: list[dict[str, Any]], labels: dict[int, int]) -> np.ndarray:
    """(H, W) uint8 label of an image's annotations: 0 background, 255 regions of crowds.

    Objects lie over crowds, and smaller objects over larger ones: the annotations do not say which is in front.  Raises
    ``ShapeError`` naming the annotation that cannot be drawn.
    """
    height, width = image["height"], image["width"]
    objects = []
    for a in annotations:
        try:
            pixels = drawn(a.get("segmentation"), height, width)
        except ShapeError as error:
            raise ShapeError(f"annotation {a.get('id')}: {error}") from None
        area = a.get("area")
        if not isinstance(area, (int, float)) or area <= 0:  # a tool that does not know it
            area = int(pixels.sum())
        objects.append((not a["iscrowd"], -area, 255 if a["iscrowd"] else labels[a["category_id"]], pixels))
    label = np.zeros((height, width), np.uint8)
    for _, _, value, pixels in sorted(objects, key=lambda o: o[:2]):
        label[pixels] = value
    return label


def _write(work: tuple[dict, list[dict]], labels: dict[int, int], folder: Path, file: Path) -> None:
    image, annotations = work
    try:
        label = draw_mask(image, annotations, labels)
    except ShapeError as error:
        raise DataError(
            f"{file}: the shapes of image {image_id(image)} cannot be drawn ({error}): export polygons or masks, or "
            "get it again"
        ) from None
    write_label(folder / f"{image_id(image)}.png", label)
