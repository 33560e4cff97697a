"""Figures of features: clouds of descriptors, variance, pictures of projections and of masks.  Some read true masks."""

from collections.abc import Mapping, Sequence
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
from wsss.plotting import MUTED, PALETTE, STYLE

KINDS = {"background": ("#9aa5b0", "."), "another class": ("#c8651b", "x"), "object": ("#1f5f99", ".")}
LEGEND = 5.0  # inches: what the kinds need side by side
FARTHEST = 3.0  # standard deviations: a projection farther out has no stronger colour


def draw_clouds(points: pd.DataFrame, *, title: str):
    """A figure of ``feature_clouds``: a row for each class, a column for each block."""
    classes, blocks = (list(dict.fromkeys(points[c])) for c in ("class", "block"))
    with plt.rc_context(STYLE | {"axes.grid": False}):
        size = (max(2.9 * len(blocks) + 0.4, LEGEND), 2.7 * len(classes) + 1.0)
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
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", wrap=True)
        figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9, markerscale=2)
    return figure


def draw_variance(table: pd.DataFrame, *, title: str):
    """A figure of ``variance_table`` with a column ``block``: a panel for each class, a line for each block.

    The legend says what the first two components explain.  A column ``paper`` is drawn as dotted lines.
    """
    classes = list(dict.fromkeys(table["class"]))
    with plt.rc_context(STYLE):
        size = (4.6 * len(classes) + 0.8, 3.9)
        figure, axes = plt.subplots(1, len(classes), figsize=size, squeeze=False, layout="constrained")
        for place, name in zip(axes[0], classes, strict=True):
            here = table[table["class"] == name]
            for number, (block, rows) in enumerate(here.groupby("block", sort=False)):
                two = ", ".join(f"{v:.1f}" for v in rows["percent"][:2])
                look = {"color": PALETTE[number % len(PALETTE)], "markersize": 3.5, "linewidth": 1.4}
                place.plot(rows["component"], rows["percent"], marker="o", label=f"{block}: {two}, … %", **look)
            stated = here.dropna(subset="paper").drop_duplicates("component") if "paper" in here else here[:0]
            for _, row in stated.iterrows():
                said = f"paper: component {row['component']} {row['paper']} %"
                place.axhline(float(row["paper"].split()[1]), color=MUTED, linewidth=1, linestyle=":", label=said)
            place.set_title(name, fontsize=10, loc="left")
            place.xaxis.get_major_locator().set_params(integer=True)
            place.set_xlabel("component")
            place.set_ylim(bottom=0)
            place.legend(frameon=False, fontsize=9)
        axes[0][0].set_ylabel("variance explained (%)")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", wrap=True)
    return figure


def mask_rows(
    pictures: Sequence[Picture],
    masks: dict[str, Path],
    folders: Sequence[Path],
    class_names: Sequence[str],
    seeds: Mapping[str, np.ndarray] | None = None,
) -> list[Row]:
    """Picture, seeds (image id → label) if given, the estimated mask in each of ``folders``, true mask."""
    rows = []
    for picture in pictures:
        labels = [] if seeds is None else [seeds[picture.image_id]]
        files = [*(folder / f"{picture.image_id}.png" for folder in folders), masks[picture.image_id]]
        labels += [read_label(f) for f in files]
        cells = [read_picture(picture.path), *map(paint_label, labels)]
        rows.append(picture_row(picture, cells, labels, class_names))
    return rows


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
