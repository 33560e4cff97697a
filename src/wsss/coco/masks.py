"""Ground-truth masks drawn from COCO's instances, for evaluation and full supervision."""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wsss.artifacts import written_aside
from wsss.coco.annotations import image_id, read_instances
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
) -> None:
    """Writes ``target``, a folder of palette PNGs with the masks of ``ids`` ("train" and "val")."""
    with written_aside(target) as aside:
        aside.mkdir(parents=True)
        for split, wanted in ids.items():
            instances = read_instances(annotations, split, year)
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

    Objects lie over crowds, and smaller objects over larger ones: the annotations do not say which is in front.
    """
    from pycocotools import mask as runs

    height, width = image["height"], image["width"]
    label = np.zeros((height, width), np.uint8)
    order = sorted(annotations, key=lambda a: (not a.get("iscrowd"), -a["area"]))
    for a in order:
        shape = a["segmentation"]
        packed = isinstance(shape, dict) and isinstance(shape["counts"], (str, bytes))
        encoded = shape if packed else runs.frPyObjects(shape, height, width)
        if isinstance(encoded, list):  # polygons
            encoded = runs.merge(encoded)
        label[runs.decode(encoded) > 0] = 255 if a.get("iscrowd") else labels[a["category_id"]]
    return label


def _write(work: tuple[dict, list[dict]], labels: dict[int, int], folder: Path, file: Path) -> None:
    image, annotations = work
    try:
        label = draw_mask(image, annotations, labels)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{file}: the shapes of image {image_id(image)} cannot be drawn ({error}): get it again"
        ) from None
    write_label(folder / f"{image_id(image)}.png", label)
