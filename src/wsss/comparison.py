"""Tables that set our experiments beside published methods."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from wsss.tables import over_seeds

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
    table = pd.read_csv(file, dtype={"year": "Int64"})
    missing = [c for c in PUBLISHED if c not in table]
    if missing:
        raise ValueError(f"{file} lacks the column '{missing[0]}': every table of published methods needs it")
    wrong = table[~table["val"].between(0, 100) | ~table["test"].between(0, 100)]
    if len(wrong):
        raise ValueError(f"{file} gives '{wrong.iloc[0]['method']}' a score that is no percentage: correct the row")
    if not table["verified"].isin(["yes", "no"]).all():
        raise ValueError(f"{file} has a row whose 'verified' is neither yes nor no: correct it")
    return table[list(PUBLISHED)]


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


def read_comparison(file: Path) -> pd.DataFrame:
    """A table that ``comparison_table`` gave, from its CSV."""
    return pd.read_csv(file, dtype=WHOLE)
