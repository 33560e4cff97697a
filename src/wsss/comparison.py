"""Tables that set our experiments beside published methods."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from wsss.tables import STAGE_NAMES, over_seeds, read_runs

PUBLISHED_BOUNDARIES = ("method", "venue", "year", "recall", "precision", "f1", "source", "verified")
PUBLISHED = ("method", "venue", "year", "supervision", "backbone", "val", "test", "source", "verified")
BACKBONES = {  # as written
    "efficientnet_lite0": "EfficientNet-Lite0",
    "vgg16": "VGG-16",
    "resnet101": "ResNet-101",
    "resnet38": "ResNet-38",
}
WHOLE = {"year": "Int64", "seeds": "Int64"}  # whole numbers that may be missing


def read_published(file: Path) -> pd.DataFrame:
    """The published methods of one of a paper's tables: columns ``PUBLISHED``, val and test in %.

    Raises ``ValueError`` if a column is missing, a score is no percentage, or ``verified`` is neither yes nor no.
    """
    return _read(file, PUBLISHED, scores=("val", "test"))


def read_published_boundaries(file: Path) -> pd.DataFrame:
    """Published boundary scores in %: columns ``PUBLISHED_BOUNDARIES``; recall or precision may be missing, F1 not.

    Raises ``ValueError`` as ``read_published``.
    """
    return _read(file, PUBLISHED_BOUNDARIES, scores=("f1",), optional=("recall", "precision"))


def _read(file: Path, columns: Sequence[str], scores: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    table = pd.read_csv(file, dtype={"year": "Int64"})
    missing = [c for c in columns if c not in table]
    if missing:
        raise ValueError(f"{file} lacks the column '{missing[0]}': every table of published methods needs it")
    right = [table[c].between(0, 100) for c in scores]
    right += [table[c].between(0, 100) | table[c].isna() for c in optional]
    wrong = table[~np.logical_and.reduce(right)]
    if len(wrong):
        raise ValueError(f"{file} gives '{wrong.iloc[0]['method']}' a score that is no percentage: correct the row")
    if not table["verified"].isin(["yes", "no"]).all():
        raise ValueError(f"{file} has a row whose 'verified' is neither yes nor no: correct it")
    return table[list(columns)]


def comparison_table(
    published: pd.DataFrame, scores: pd.DataFrame, ours: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """The published methods, then one row for each of our experiments, in the order of ``ours``.

    ``published``: from ``read_published``, or without rows.  ``scores``: from ``wsss.tables.read_scores``.
    ``ours``: experiment → its ``label``, ``supervision`` and ``backbone``.  Our val is after a dense CRF.
    Columns: ``PUBLISHED``, the std of val over seeds, and seeds; without published methods, those that ours fill.
    """
    means = over_seeds(scores, ["experiment"], ["miou"]).set_index("experiment")
    rows = [
        {
            "method": f"{experiment['label']} (ours)",
            "supervision": experiment["supervision"],
            "backbone": BACKBONES.get(experiment["backbone"], experiment["backbone"]),
            "val": means.loc[name, "miou"],
            "std": means.loc[name, "miou_std"],
            "seeds": means.loc[name, "seeds"],
            "source": "this run",
        }
        for name, experiment in ours.items()
    ]
    table = pd.DataFrame([*published.to_dict("records"), *rows])
    columns = ["method", "venue", "year", "supervision", "backbone", "val", "std", "test", "seeds"]
    if published.empty:
        return table[["method", "supervision", "backbone", "val", "std", "seeds"]]
    return table.reindex(columns=[*columns, "source", "verified"]).astype(WHOLE)


def boundary_table(
    published: pd.DataFrame, labels: Mapping[str, str], seeds: Sequence[int], files: Sequence[Path]
) -> pd.DataFrame:
    """Boundary scores in %, published ones first, then one row for each stage of each of our experiments.

    ``published``: from ``read_published_boundaries``, or without rows.  ``labels``: experiment → how it is called.
    ``files``: the ``boundaries.csv`` of all seeds of the first experiment, then of the second, and so on.  Columns:
    method, stage, recall, precision, f1, their std over seeds, seeds; with published methods venue, year, source and
    verified as well.
    """
    runs, scores = read_runs(labels, seeds, files), ["recall", "precision", "f1"]
    runs[scores] *= 100
    ours = over_seeds(runs, ["experiment", "label", "stage"], scores).assign(source="this run")
    ours["method"] = [f"{label} (ours)" for label in ours["label"]]
    ours["stage"] = [STAGE_NAMES.get(s, s) for s in ours["stage"]]
    columns = ["method", "stage", *(f"{s}{kind}" for s in scores for kind in ("", "_std")), "seeds"]
    if published.empty:
        return ours[columns]
    table = pd.DataFrame([*published.to_dict("records"), *ours.to_dict("records")])
    return table.reindex(columns=["method", "venue", "year", *columns[1:], "source", "verified"]).astype(WHOLE)


def read_comparison(file: Path) -> pd.DataFrame:
    """A table that ``comparison_table`` gave, from its CSV."""
    return pd.read_csv(file, dtype=WHOLE)
