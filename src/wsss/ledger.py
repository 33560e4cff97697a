"""The ledger: every number that a paper states, with ours, the difference, and a verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from wsss.tables import MODES, over_seeds, read_metrics, read_scores

VAL_IMAGES = 1449  # of PASCAL VOC 2012, whose numbers the papers state
NUMBERS = ("number", "where", "experiment", "split", "value", "tolerance", "note")
OURS = ("ours", "ours_std", "ours_without_crf", "ours_without_crf_std")


def read_numbers(files: Sequence[Path]) -> pd.DataFrame:
    """The stated numbers of all papers: columns ``NUMBERS``, value and tolerance in points of mIoU.

    Raises ``ValueError`` if a column is missing, a number is listed twice, or a split is neither val nor test.
    """
    tables = []
    for file in files:
        table = pd.read_csv(file, dtype={"note": str})
        missing = [c for c in NUMBERS if c not in table]
        if missing:
            raise ValueError(f"{file} lacks the column '{missing[0]}': every ledger needs it")
        if not table["split"].isin(["val", "test"]).all():
            raise ValueError(f"{file} has a number whose split is neither val nor test: correct it")
        tables.append(table[list(NUMBERS)])
    numbers = pd.concat(tables, ignore_index=True).fillna({"note": ""})
    twice = numbers["number"][numbers["number"].duplicated()]
    if len(twice):
        raise ValueError(f"the number '{twice.iloc[0]}' is listed twice in {', '.join(map(str, files))}: rename one")
    return numbers


def stated_scores(numbers: pd.DataFrame) -> dict[str, float]:
    """Experiment → the validation mIoU (%) that its paper states."""
    val = numbers[numbers["split"] == "val"].drop_duplicates("experiment")
    return dict(zip(val["experiment"], val["value"].astype(float), strict=True))


def tolerance(stated: float, spread: float) -> float:
    """How far ours may be from the paper's: ``stated``, or two standard deviations over seeds if that is more."""
    return stated if np.isnan(spread) else max(stated, 2 * spread)


def ledger_table(
    numbers: pd.DataFrame, labels: Mapping[str, str], evaluations: Mapping[str, Sequence[Path]]
) -> pd.DataFrame:
    """Every stated number with ours, on the data set that the paper used.

    ``labels``: experiment → label.  ``evaluations``: experiment → the ``metrics.json`` of its seeds that exist; they
    are of the validation split, so a test score is never ours.  Ours is after a dense CRF, as the paper's numbers are.
    Columns: number, where, label, split, paper, ours, ours_std, ours_without_crf, ours_without_crf_std, seeds,
    difference, tolerance, verdict, note.  The verdict is reproduced, not reproduced, not run, no score, or other images
    if the evaluation did not cover the ``VAL_IMAGES`` of the benchmark.
    """
    ours = our_scores(evaluations)
    rows = []
    for number in numbers.itertuples(index=False):
        found = ours.get(number.experiment) if number.split == "val" else None
        row = {
            "number": number.number,
            "where": number.where,
            "label": labels.get(number.experiment, number.experiment),
            "split": number.split,
            "paper": float(number.value),
            "note": number.note,
        }
        rows.append(row | (_judged(found, number) if found else {"seeds": 0, "verdict": "not run"}))
    columns = ["number", "where", "label", "split", "paper", *OURS, "seeds", "difference", "tolerance", "verdict"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "note"])


def our_table(
    numbers: pd.DataFrame, labels: Mapping[str, str], evaluations: Mapping[str, Sequence[Path]]
) -> pd.DataFrame:
    """Ours alone, for data sets that the paper's numbers say nothing about.

    Arguments as in ``ledger_table``.  One row for each experiment in ``labels`` that the paper states a number of.
    Columns: label, ours, ours_std, ours_without_crf, ours_without_crf_std, seeds.
    """
    ours = our_scores(evaluations)
    stated = [e for e in dict.fromkeys(numbers["experiment"]) if e in labels]
    rows = [{"label": labels[e], "seeds": 0} | ours.get(e, {}) for e in stated]
    return pd.DataFrame(rows).reindex(columns=["label", *OURS, "seeds"])


def our_scores(evaluations: Mapping[str, Sequence[Path]]) -> dict[str, dict]:
    """Experiment → ``OURS`` in %, seeds, and images, for those that have been evaluated."""
    scores = {}
    for experiment, files in evaluations.items():
        if files:
            runs = read_scores([experiment], range(len(files)), files)
            mean = over_seeds(runs, ["experiment"], list(MODES.values())).iloc[0]
            images = {read_metrics(f).get("images") for f in files}
            values = {c: mean[c.replace("ours", "miou")] for c in OURS}
            scores[experiment] = {**values, "seeds": len(files), "images": images}
    return scores


def _judged(found: dict, number) -> dict:
    """Ours beside the number, and what that means."""
    shown = {k: found[k] for k in (*OURS, "seeds")}
    if found["images"] != {VAL_IMAGES}:
        return shown | {"verdict": "other images"}
    if np.isnan(found["ours"]):
        return shown | {"verdict": "no score"}
    difference, allowed = found["ours"] - number.value, tolerance(number.tolerance, found["ours_std"])
    holds = round(abs(difference), 6) <= round(allowed, 6)  # scores are sums of floats
    verdict = "reproduced" if holds else "not reproduced"
    return shown | {"difference": difference, "tolerance": allowed, "verdict": verdict}
