"""Whether a class spreads over what it is seen with, a boat over water or a train over rails.  Evaluation only.

The confusion ratio of a class c with a context k is that of EPS (Lee et al., CVPR 2021, "Railroad is not a train"):
pixels of k that are labelled c, divided by the pixels of c that are labelled c, FP_{k,c} / TP_c.  0 is perfect; at 1,
as many pixels are taken from the context as are found.  k is another class, or a part of the background of which masks
are given (EPS and SMVWE take them from PASCAL-Context).
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsss.artifacts import written_aside
from wsss.data import DataError, Picture, check_size
from wsss.label_io import read_label, read_where
from wsss.progress import Progress

COUNTS = ("found_px", "labelled_px", "true_px", "context_px")
MEASURES = ("confusion", "iou")


def pair_counts(
    label: np.ndarray, target: np.ndarray, class_index: int, context: np.ndarray, ignore: int = 255
) -> np.ndarray:
    """Pixels of a class that are found, labelled, true, and labelled though they are context: (4,) int64 (``COUNTS``).

    ``label``, ``target``: (H, W) integers; ``context``: (H, W) bool, of which pixels of the class itself do not count.
    Pixels whose target is ``ignore`` count nowhere but in the context, which may lie there.  Raises ``ValueError`` if
    the shapes differ.
    """
    if not label.shape == target.shape == context.shape:
        raise ValueError(f"label {label.shape}, target {target.shape} and context {context.shape} must agree in shape")
    labelled, true, counted = label == class_index, target == class_index, target != ignore
    parts = (labelled & true, labelled & counted, true, labelled & context & ~true)
    return np.array([np.count_nonzero(p) for p in parts])


def pair_scores(counts: np.ndarray) -> dict[str, float]:
    """Confusion ratio (0 or more) and IoU (0..1) of summed counts, (4,); NaN where nothing is to be counted.

    A class of which no pixel is found has an infinite ratio if context is labelled as it.
    """
    found, labelled, true, context = map(int, counts)
    union = labelled + true - found
    ratio = context / found if found else (float("inf") if context else float("nan"))
    return {"confusion": ratio, "iou": found / union if union else float("nan")}


def cooccurrence(shows_class: Sequence[bool], shows_context: Sequence[bool]) -> dict[str, float]:
    """How often a class and a context are seen together, from whether each picture shows them.

    ``together``: pictures with both; ``share``: of the pictures of the class, those that show the context; ``lift``:
    that share over the context's share of all pictures, 1 for two that are independent.  NaN without such pictures.
    """
    one, other = np.asarray(shows_class, bool), np.asarray(shows_context, bool)
    together, with_class, with_context = (one & other).sum(), one.sum(), other.sum()
    share = together / with_class if with_class else float("nan")
    lift = share * len(one) / with_context if with_context else float("nan")
    return {"together": int(together), "share": float(share), "lift": float(lift)}


def measure_pairs(
    pictures: list[Picture],
    masks: dict[str, Path],
    class_names: list[str],
    pairs: Sequence[tuple[str, str]],
    labels: Path,
    output: Path,
    progress: Progress,
    *,
    contexts: Path | None = None,
) -> None:
    """Writes a row for each pair (class, context): how often they are seen together, scores, and counts.

    ``contexts``: folder with a folder for each context that is no class, of masks ``{id}.png`` (not 0 where it is);
    pictures without such a mask do not count for that pair.  Raises ``DataError`` for an unknown class, a context that
    is neither a class nor in ``contexts``, or a label or mask of another size.
    """
    known = {pair: _places(pictures, class_names, *pair, contexts) for pair in pairs}
    counts = {pair: np.zeros(len(COUNTS), np.int64) for pair in known}
    seen: dict[tuple[str, str], list[tuple[bool, bool]]] = {pair: [] for pair in known}
    for picture in progress(pictures, len(pictures)):
        target = read_label(masks[picture.image_id])
        label = read_label(labels / f"{picture.image_id}.png")
        check_size(labels / f"{picture.image_id}.png", label, target.shape)
        for pair, (class_index, context_index, folder) in known.items():
            if folder is None:
                context, shown = target == context_index, context_index in picture.classes
            elif (folder / f"{picture.image_id}.png").exists():
                context = read_where(folder / f"{picture.image_id}.png")
                check_size(folder / f"{picture.image_id}.png", context, target.shape)
                shown = bool(context.any())
            else:
                continue
            counts[pair] += pair_counts(label, target, class_index, context)
            seen[pair].append((class_index in picture.classes, shown))
    rows = [
        (*pair, len(seen[pair]), *cooccurrence(*zip(*seen[pair], strict=True)).values(),
         *pair_scores(counts[pair]).values(), *counts[pair])
        for pair in known
    ]  # fmt: skip
    header = ("class", "context", "images", "together", "share", "lift", *MEASURES, *COUNTS)
    with written_aside(output) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def _places(
    pictures: list[Picture], class_names: list[str], name: str, context: str, contexts: Path | None
) -> tuple[int, int | None, Path | None]:
    """Index of the class; index of the context, if it is a class as well, or else the folder of its masks."""
    if name not in class_names[1:]:
        raise DataError(f"there is no class '{name}', which a pair names: choose one of {', '.join(class_names[1:])}")
    if context in class_names[1:] and context != name:
        return class_names.index(name), class_names.index(context), None
    if contexts is None:
        raise DataError(
            f"'{context}', which a pair of '{name}' names, is no other class: name one, or give the folder of its "
            "masks as `contexts`"
        )
    folder = contexts / context
    if not any((folder / f"{p.image_id}.png").exists() for p in pictures):
        raise DataError(f"{folder} holds no mask {{id}}.png of any of the {len(pictures)} pictures: put them there")
    return class_names.index(name), None, folder
