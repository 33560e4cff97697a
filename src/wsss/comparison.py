"""Tables that set our experiments beside published methods."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wsss.conditions import BACKBONES
from wsss.tables import STAGE_NAMES, over_seeds, read_runs

SCORES, BOUNDARIES = ("val", "test"), ("recall", "precision", "f1")
# What a paper's table may say of a method beside its scores: the heading above it, where it was published, the training
# pictures, and whether saliency maps are used.
SAID = ("section", "method", "publication", "train_set", "S")
WHOSE = {"": "paper", "yes": "paper's own"}  # ``own`` in a file → ``from`` in a table
OURS = "this run"
WHOLE = {"seeds": "Int64"}  # whole numbers that may be missing


def read_published(file: Path) -> pd.DataFrame:
    """The methods of one of a paper's tables as it prints them: its columns of ``SAID``, ``SCORES`` (%), and ``from``.

    A score may be missing, but not both.  ``from`` says whether a row is the paper's own method.  Raises ``ValueError``
    if a column is missing or unknown, a score is no percentage, or ``own`` is neither yes nor empty.
    """
    return _read(file, SCORES)


def read_published_boundaries(file: Path) -> pd.DataFrame:
    """Published boundary scores (%): method, ``BOUNDARIES``, ``from``; raises ``ValueError`` as ``read_published``."""
    return _read(file, BOUNDARIES)


def _read(file: Path, scores: Sequence[str]) -> pd.DataFrame:
    table = pd.read_csv(file, dtype=dict.fromkeys((*SAID, "own"), str))
    missing = [c for c in ("method", "own", *scores) if c not in table]
    if missing:
        raise ValueError(f"{file} lacks the column '{missing[0]}': every table of published methods needs it")
    unknown = [c for c in table if c not in (*SAID, "own", *scores)]
    if unknown:
        raise ValueError(f"{file} has the column '{unknown[0]}', which no table shows: take it out")
    given = table[list(scores)]
    wrong = no_percentages(given).any(axis=1) | given.isna().all(axis=1)
    if wrong.any():
        raise ValueError(f"{file} gives '{table[wrong].iloc[0]['method']}' no score, or one that is no percentage")
    if not table["own"].fillna("").isin(list(WHOSE)).all():
        raise ValueError(f"{file} has a row whose 'own' is neither yes nor empty: correct it")
    return table.assign(**{"from": table.pop("own").fillna("").map(WHOSE)})


def no_percentages(values: pd.DataFrame) -> pd.DataFrame:
    """Which cells are neither empty nor numbers from 0 to 100."""
    numbers = values.apply(pd.to_numeric, errors="coerce")
    return values.notna() & ~((numbers >= 0) & (numbers <= 100))


def comparison_table(
    published: pd.DataFrame | None, scores: pd.DataFrame, ours: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """The published methods, then one row for each of our experiments, in the order of ``ours``.

    ``published``: from ``read_published``; None where there are none to compare with.  ``scores``: from
    ``wsss.tables.read_scores``.  ``ours``: experiment → its ``label``, ``supervision`` and ``backbone``.  Our val is
    after a dense CRF.  Columns: what the paper says of its rows, supervision and backbone of ours, val, the std of val
    over seeds, test, seeds, and from.  Without published methods, those that ours fill.
    """
    means = over_seeds(scores, ["experiment"], ["miou"]).set_index("experiment")
    rows = [
        {
            "section": OURS,
            "method": experiment["label"],
            "S": "yes" if "I+S" in experiment["supervision"] else "no",
            "supervision": experiment["supervision"],
            "backbone": BACKBONES.get(experiment["backbone"], experiment["backbone"]),
            "val": means.loc[name, "miou"],
            "std": means.loc[name, "miou_std"],
            "seeds": means.loc[name, "seeds"],
            "from": OURS,
        }
        for name, experiment in ours.items()
    ]
    if published is None:
        return pd.DataFrame(rows)[["method", "supervision", "backbone", "val", "std", "seeds"]]
    table = pd.DataFrame([*published.to_dict("records"), *rows])
    said = [c for c in SAID if c in published]
    return table[[*said, "supervision", "backbone", "val", "std", "test", "seeds", "from"]].astype(WHOLE)


def boundary_table(
    published: pd.DataFrame | None, labels: Mapping[str, str], seeds: Sequence[int], files: Sequence[Path]
) -> pd.DataFrame:
    """Boundary scores in %, published ones first, then one row for each stage of each of our experiments.

    ``published``: from ``read_published_boundaries``; None where there are none to compare with.  ``labels``:
    experiment → how it is called.  ``files``: the ``boundaries.csv`` of all seeds of the first experiment, then of the
    second, and so on.  Columns: method, stage, recall, precision, f1, their std over seeds, seeds, and from, which is
    left out without published methods.
    """
    runs, scores = read_runs(labels, seeds, files), list(BOUNDARIES)
    runs[scores] *= 100
    ours = over_seeds(runs, ["experiment", "label", "stage"], scores).assign(**{"from": OURS})
    ours = ours.rename(columns={"label": "method"})
    ours["stage"] = [STAGE_NAMES.get(s, s) for s in ours["stage"]]
    columns = ["method", "stage", *(f"{s}{kind}" for s in scores for kind in ("", "_std")), "seeds"]
    if published is None:
        return ours[columns]
    table = pd.DataFrame([*published.to_dict("records"), *ours.to_dict("records")])
    return table[[*columns, "from"]].astype(WHOLE)


def read_comparison(file: Path) -> pd.DataFrame:
    """A table that ``comparison_table`` gave, from its CSV."""
    return pd.read_csv(file, dtype=WHOLE)
