"""How much of the variance of a class's descriptors its first components explain (Figure 3).  Reads no mask."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.linalg

from wsss.data import Picture
from wsss.generic.stages import gather_moments, sweep_pictures
from wsss.progress import Progress

STATED = ("class", "component", "relation", "percent")  # columns of config/paper/generic_figure3.csv


def explained(covariance: np.ndarray, count: int) -> np.ndarray:
    """The largest ``count`` eigenvalues of (d, d), as shares of their sum, descending; fewer if d is less.

    NaN if all descriptors are equal.
    """
    d, total = len(covariance), np.trace(covariance)
    values = scipy.linalg.eigvalsh(covariance, subset_by_index=(max(d - count, 0), d - 1))[::-1]
    return np.maximum(values, 0) / total if total > 0 else np.full(len(values), np.nan)


def variance_table(
    pictures: Sequence[Picture],
    class_names: Sequence[str],
    chosen: Mapping[str, set[str]],
    settings: dict,
    checkpoint: Path,
    *,
    count: int,
    progress: Progress,
    workers: int = 1,
) -> pd.DataFrame:
    """Columns class, component (from 1), percent of the variance, cumulative, pictures, pixels.

    ``chosen``: class → ids of the pictures that gave it its pattern (``find_patterns`` lists them), whose covariance is
    the same here.  ``class_names``: with background.
    """
    wanted = {c: chosen.get(name, set()) for c, name in enumerate(class_names)}
    used = [p for p in pictures if any(p.image_id in wanted[c] for c in p.classes)]
    sweep = sweep_pictures(used, len(class_names) - 1, settings, checkpoint, progress=progress, workers=workers)
    moments, _ = gather_moments(sweep, wanted)
    tables = []
    for name, ids in chosen.items():
        found = moments.of(class_names.index(name))
        percent = 100 * explained(found.covariance, count)
        rows = {"component": np.arange(1, len(percent) + 1), "percent": percent, "cumulative": percent.cumsum()}
        tables.append(pd.DataFrame({"class": name, **rows, "pictures": len(ids), "pixels": found.pixels}))
    return pd.concat(tables, ignore_index=True)


def with_statement(table: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    """Adds what the paper states of a class's component, as "over 10", and whether it holds here.

    ``stated``: columns ``STATED``.  Only for numbers that were found under the paper's conditions.
    """
    said = {(r["class"], r["component"]): (r["relation"], float(r["percent"])) for _, r in stated.iterrows()}
    keys = [said.get(key) for key in zip(table["class"], table["component"], strict=True)]
    holds = [k and (p > k[1] if k[0] == "over" else p < k[1]) for k, p in zip(keys, table["percent"], strict=True)]
    words = {None: None, True: "holds", False: "does not hold"}
    return table.assign(paper=[k and f"{k[0]} {k[1]:g}" for k in keys], verdict=[words[h] for h in holds])
