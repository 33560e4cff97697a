"""Figures of features: clouds of descriptors on two eigenvectors, and pictures of projections.  They read masks."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from wsss.data import Picture, read_picture
from wsss.generic.masks import full_size
from wsss.label_io import read_label
from wsss.pictures import Row, paint_label, picture_row
from wsss.plotting import MUTED, STYLE

KINDS = {"background": ("#9aa5b0", "."), "another class": ("#c8651b", "x"), "object": ("#1f5f99", ".")}
FARTHEST = 3.0  # standard deviations: a projection farther out has no stronger colour


def draw_clouds(points: pd.DataFrame, *, title: str):
    """A figure of ``feature_clouds``: a row for each class, a column for each block."""
    classes, blocks = (list(dict.fromkeys(points[c])) for c in ("class", "block"))
    with plt.rc_context(STYLE | {"axes.grid": False}):
        size = (2.9 * len(blocks) + 0.4, 2.7 * len(classes) + 1.0)
        figure, axes = plt.subplots(len(classes), len(blocks), figsize=size, squeeze=False, layout="constrained")
        for row, name in zip(axes, classes, strict=True):
            for place, block in zip(row, blocks, strict=True):
                here = points[(points["class"] == name) & (points["block"] == block)]
                for kind, (colour, marker) in KINDS.items():
                    some = here[here["kind"] == kind]
                    place.scatter(some["x"], some["y"], s=6, c=colour, marker=marker, linewidths=0.6, label=kind)
                place.axvline(0, color=MUTED, linewidth=1, linestyle=":")
                place.set_title(f"{block}: {name}", fontsize=9)
        for place in axes[-1]:
            place.set_xlabel("first eigenvector (std)")
        for row in axes:
            row[0].set_ylabel("second eigenvector")
        handles, names = axes[0][0].get_legend_handles_labels()
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9, markerscale=2)
    return figure


def projection_rows(
    pictures: Sequence[Picture], masks: dict[str, Path], folders: Sequence[Path], class_names: Sequence[str], *, aligned
) -> list[Row]:
    """Picture, the projections in each of ``folders`` (the largest over a picture's classes), true mask."""
    rows = []
    for picture in pictures:
        image, truth = read_picture(picture.path), read_label(masks[picture.image_id])
        cells = [image]
        for folder in folders:
            maps = full_size(np.load(folder / f"{picture.image_id}.npy"), image.shape[:2], aligned=aligned)
            cells.append(paint_projection(image, maps.max(0)))
        rows.append(picture_row(picture, [*cells, paint_label(truth)], [truth], class_names))
    return rows


def paint_projection(picture: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """A projection in standard deviations, (H, W), over a faded picture (H, W, 3) uint8: blue below 0, red above."""
    grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
    place = 0.5 + 0.5 * np.clip(projection / FARTHEST, -1, 1)
    colours = 255 * plt.get_cmap("RdBu_r")(place)[..., :3].astype(np.float32)
    return np.clip(0.35 * grey + 0.65 * colours, 0, 255).astype(np.uint8)
