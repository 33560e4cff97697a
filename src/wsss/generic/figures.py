"""Figures of features: clouds of descriptors on two eigenvectors, and pictures of projections.  They read masks."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from wsss.data import DataError, Picture, read_picture, squash
from wsss.generic.masks import full_size
from wsss.generic.network import trained_features
from wsss.generic.patterns import load_patterns
from wsss.generic.stages import input_side
from wsss.label_io import read_label
from wsss.pictures import Row, paint_label, picture_row
from wsss.plotting import MUTED, STYLE
from wsss.randomness import generator
from wsss.training import device

Block = tuple[str, dict, Path, Path]  # label, settings, checkpoint of the classifier, patterns
POINTS = 1500  # of a class and block; more would cover each other
KINDS = {"background": ("#9aa5b0", "."), "another class": ("#c8651b", "x"), "object": ("#1f5f99", ".")}
FARTHEST = 3.0  # standard deviations: a projection farther out has no stronger colour


def feature_clouds(
    pictures: Sequence[Picture],
    masks: dict[str, Path],
    class_names: Sequence[str],
    blocks: Sequence[Block],
    *,
    count: int,
    chosen: Sequence[str],
    seed: int,
    progress: Callable,
) -> pd.DataFrame:
    """Descriptors on the first two eigenvectors: columns block, class, kind, x, y (standard deviations of the first).

    At most ``count`` pictures of a class, drawn by ``seed``, give at most ``POINTS`` descriptors of a block.  Raises
    ``DataError`` if ``chosen`` names an unknown class.
    """
    parts = []
    for c in _classes(pictures, class_names, chosen):
        shown = [p for p in pictures if c in p.classes]
        order = generator("clouds", seed, c).permutation(len(shown))[:count]
        for label, settings, checkpoint, patterns in blocks:
            pattern = load_patterns(patterns)[c - 1]
            features = trained_features(checkpoint, settings, len(class_names) - 1)
            place = partial(_placed, features=features, pattern=pattern, settings=settings, masks=masks, target=c)
            points = pd.concat([place(shown[i]) for i in progress(order, len(order))], ignore_index=True)
            points = points.sample(min(POINTS, len(points)), random_state=seed)
            parts.append(points.assign(block=label, **{"class": class_names[c]}))
    return pd.concat(parts, ignore_index=True)[["block", "class", "kind", "x", "y"]]


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
        names = ", ".join(class_names[c] for c in picture.classes)
        rows.append(picture_row(picture, [*cells, paint_label(truth)], [truth], title=f"{picture.image_id}: {names}"))
    return rows


def paint_projection(picture: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """A projection in standard deviations, (H, W), over a faded picture (H, W, 3) uint8: blue below 0, red above."""
    grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
    place = 0.5 + 0.5 * np.clip(projection / FARTHEST, -1, 1)
    colours = 255 * plt.get_cmap("RdBu_r")(place)[..., :3].astype(np.float32)
    return np.clip(0.35 * grey + 0.65 * colours, 0, 255).astype(np.uint8)


def on_grid(label: np.ndarray, grid: tuple[int, int], *, aligned: bool) -> np.ndarray:
    """The label's values at the centres of feature cells: (H, W) → ``grid``."""
    places = []
    for side, cells in zip(label.shape, grid, strict=True):
        exact = np.linspace(0, side - 1, cells) if aligned else (np.arange(cells) + 0.5) * side / cells - 0.5
        places.append(np.clip(np.rint(exact), 0, side - 1).astype(int))
    return label[np.ix_(*places)]


def _placed(
    picture: Picture, *, features, pattern, settings: dict, masks: dict[str, Path], target: int
) -> pd.DataFrame:
    """The descriptors of one picture on the two eigenvectors, with what their pixels truly are."""
    image = squash(read_picture(picture.path), input_side(settings))
    with torch.inference_mode():
        found, _ = features(features.network.backbone.normalise(torch.from_numpy(image)[None].to(device())))
    values = found[0].flatten(1).T.double().cpu().numpy() - pattern.mean
    x, y = (values @ pattern.directions.T / max(pattern.std, 1e-12)).T
    truth = on_grid(read_label(masks[picture.image_id]), tuple(found.shape[-2:]), aligned=settings["cam.align_corners"])
    kinds = np.select([truth == target, truth == 0], ["object", "background"], "another class")
    return pd.DataFrame({"kind": kinds.ravel(), "x": x, "y": y})[(truth != 255).ravel()]


def _classes(pictures: Sequence[Picture], class_names: Sequence[str], chosen: Sequence[str]) -> list[int]:
    unknown = [n for n in chosen if n not in class_names[1:]]
    if unknown:
        raise DataError(f"the figure names the class '{unknown[0]}', which the data set lacks: correct its `classes`")
    if chosen:
        return [class_names.index(n) for n in chosen]
    counts = {c: sum(c in p.classes for p in pictures) for c in range(1, len(class_names))}
    return [c for c in sorted(counts, key=lambda c: (-counts[c], c))[:2] if counts[c]]
