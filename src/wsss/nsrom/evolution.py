"""The figure of labels as they evolve, stage by stage (NSROM, Figure 5)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsss.class_maps import normalise, resize_attention
from wsss.data import Picture, read_picture
from wsss.label_io import read_gray, read_label
from wsss.map_io import read_maps
from wsss.pictures import Row, paint_heat, paint_label, picture_row

EVOLUTION = {  # stage → heading
    "cam": "CAM",
    "oa_cam": "OA-CAM",
    "initial": "initial\nlabel",
    "mined": "pseudo\nlabel",
    "estimated": "estimated\nmask",
    "word_label": "label\nfrom maps",
    "predictions": "initial\nprediction",
    "masked": "masked label\n(NSRM)",
    "final": "final\nprediction",
}


def evolution_rows(
    pictures: Sequence[Picture], masks: dict[str, Path], stages: dict[str, Path], *, aligned: bool
) -> tuple[list[str], list[Row]]:
    """Column names and rows: picture, truth, saliency, the stages of ``EVOLUTION`` that ``stages`` has a folder for.

    The paper's columns (a) to (h) are among them, in its order.  Maps are shown as the maximum over the picture's
    classes.  ``aligned``: as in ``resize_attention``.
    """
    present = {key: name for key, name in EVOLUTION.items() if key in stages}
    rows = []
    for picture in pictures:
        image, labels = read_picture(picture.path), [read_label(masks[picture.image_id])]
        saliency = None if picture.saliency is None else _grey(read_gray(picture.saliency))
        cells = [image, paint_label(labels[0]), saliency]
        for key in present:
            file = stages[key] / f"{picture.image_id}.png"
            if key in ("cam", "oa_cam"):
                maps = read_maps(file, picture.classes).values()
                size = image.shape[:2]
                full = [normalise(resize_attention(m, size, aligned=aligned)) for m in maps]
                cells.append(paint_heat(image, np.max(full, axis=0)))
            else:
                labels.append(read_label(file))
                cells.append(paint_label(labels[-1]))
        rows.append(picture_row(picture, cells, labels))
    return ["picture", "truth", "saliency", *present.values()], rows


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[..., None], 3, axis=2)
