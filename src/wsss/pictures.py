"""Figures made of pictures: grids of photographs, labels and heat maps with one legend."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from wsss.data import Picture, read_picture
from wsss.label_io import VOC_PALETTE, read_label
from wsss.plotting import INK, MUTED, STYLE

IGNORED = 255
IGNORED_COLOUR = (226, 230, 234)
LONGEST_SIDE = 400  # px of a cell in the file; larger pictures are reduced
CELL = 1.55  # inches across
HEADING = 23  # characters over a cell, and beside it
GAP = 0.06


@dataclass(frozen=True)
class Row:
    """One picture of a grid: its id and one (H, W, 3) uint8 cell per column; None where a column has nothing."""

    title: str
    cells: list[np.ndarray | None]
    values: frozenset[int]  # label values that occur in its cells


def paint_label(label: np.ndarray) -> np.ndarray:
    """(H, W) uint8 label → (H, W, 3) uint8 in VOC's colours; 255 in light grey."""
    palette = VOC_PALETTE.copy()
    palette[IGNORED] = IGNORED_COLOUR
    return palette[label]


def paint_heat(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A heat map, (H, W) float in [0, 1], over a faded picture, (H, W, 3) uint8; the same shape and type."""
    grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
    colours = 255 * plt.get_cmap("turbo")(heat)[..., :3].astype(np.float32)
    return np.clip(0.4 * grey + 0.6 * colours, 0, 255).astype(np.uint8)


def qualitative_rows(pictures: Sequence[Picture], masks: dict[str, Path], predictions: Sequence[Path]) -> list[Row]:
    """Picture, truth, then the label of each folder in ``predictions``."""
    rows = []
    for picture in pictures:
        files = [masks[picture.image_id], *(folder / f"{picture.image_id}.png" for folder in predictions)]
        labels = [read_label(f) for f in files]
        cells = [read_picture(picture.path), *(paint_label(v) for v in labels)]
        rows.append(picture_row(picture, cells, labels))
    return rows


def draw_grid(columns: Sequence[str], rows: Sequence[Row], class_names: Sequence[str], *, title: str):
    """A figure: one row per picture under ``columns``, and a legend of the classes that occur.

    Raises ``ValueError`` if there is no row.
    """
    if not rows:
        raise ValueError("the figure has no picture to show: its split is empty")
    heights = [CELL * float(np.median([c.shape[0] / c.shape[1] for c in row.cells if c is not None])) for row in rows]
    columns = ["\n".join(textwrap.fill(line, HEADING) for line in name.splitlines()) for name in columns]
    left = 0.1 + 0.12 * max(2, *(row.title.count("\n") + 1 for row in rows))
    lines = max(name.count("\n") + 1 for name in columns)
    entries = _legend(rows, class_names)
    width = left + len(columns) * (CELL + GAP) + 0.1
    per_line = max(1, int((width - 0.3) / (0.55 + 0.085 * max(len(name) for name, _ in entries))))
    legend = 0.2 * -(-len(entries) // per_line) + 0.16
    title = textwrap.fill(title, width=max(20, int((width - left) / 0.112)))
    head = 0.25 + 0.19 * (title.count("\n") + 1) + 0.17 * lines
    total = head + sum(heights) + GAP * len(rows) + legend
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(width, total))
        figure.text(left / width, 1 - 0.12 / total, title, va="top", fontsize=11.5, fontweight="bold")
        top = total - head
        for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
            for place, cell in enumerate(row.cells):
                x, y = left + place * (CELL + GAP), top - height
                axes = figure.add_axes([x / width, y / total, CELL / width, height / total])
                _show(axes, cell)
                if number == 0:
                    axes.set_title(columns[place], fontsize=9, color=INK, pad=4, linespacing=1.05)
            figure.text(
                (left - 0.07) / width,
                (top - height / 2) / total,
                row.title,
                rotation=90,
                ha="right",
                va="center",
                fontsize=min(7.5, 72 * height / (0.65 * max(map(len, row.title.splitlines())))),
                color=MUTED,
            )
            top -= height + GAP
        patches = [Patch(facecolor=np.array(c) / 255, edgecolor="#9aa5b0", linewidth=0.6, label=n) for n, c in entries]
        figure.legend(
            handles=patches,
            loc="lower center",
            ncols=min(per_line, len(patches)),
            frameon=False,
            fontsize=9,
            bbox_to_anchor=(0.5, 0.04 / total),
            handlelength=1.3,
            columnspacing=1.4,
            borderaxespad=0,
        )
    return figure


def picture_row(
    picture: Picture,
    cells: list[np.ndarray | None],
    labels: Sequence[np.ndarray],
    class_names: Sequence[str] | None = None,
) -> Row:
    """A row of a grid, called by the picture's id and, if they have ``class_names``, its classes on further lines.

    ``labels``: the labels in its cells.
    """
    values = frozenset(int(v) for label in labels for v in np.unique(label))
    title = picture.image_id
    if class_names is not None:
        classes = ", ".join(class_names[c] for c in picture.classes)
        title += "\n" + textwrap.fill(classes, HEADING, break_long_words=False)
    return Row(title, [None if c is None else _reduce(c) for c in cells], values)


def _reduce(cell: np.ndarray) -> np.ndarray:
    """Nothing wider than ``LONGEST_SIDE``; labels stay crisp enough, since they are painted already."""
    scale = LONGEST_SIDE / max(cell.shape[:2])
    if scale >= 1:
        return cell
    return cv2.resize(cell, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _show(axes, cell: np.ndarray | None) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color="#c3ccd4", linewidth=0.6)
    if cell is None:
        axes.text(0.5, 0.5, "none", ha="center", va="center", color=MUTED, fontsize=8, transform=axes.transAxes)
    else:
        axes.imshow(cell, interpolation="nearest" if max(cell.shape[:2]) < 100 else "antialiased", aspect="auto")


def _legend(rows: Sequence[Row], class_names: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    values = sorted(frozenset().union(*(row.values for row in rows)))
    entries = [(class_names[v], tuple(int(c) for c in VOC_PALETTE[v])) for v in values if v < len(class_names)]
    return entries + ([("ignored (255)", IGNORED_COLOUR)] if IGNORED in values else [])
