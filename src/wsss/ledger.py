"""The ledger: every mIoU that a paper states, ours, and a verdict where ours was reached under its conditions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from wsss.conditions import COMPARED, differences
from wsss.statistics import pooled_variance, reproduced
from wsss.tables import MODES, over_seeds, read_metrics, read_scores

NUMBERS = ("number", "where", "experiment", "value", *COMPARED, "note")
OURS = ("ours", "ours_std", "ours_without_crf", "ours_without_crf_std")
COLUMNS = ("number", "where", "label", "data", "split", "paper", *OURS, "seeds", "difference", "c", "verdict", "note")


def read_numbers(files: Sequence[Path]) -> pd.DataFrame:
    """The stated numbers of all papers: columns ``NUMBERS``, all text but ``value``, which is in points of mIoU.

    A condition that the paper and its code leave silent is "".
    Raises ``ValueError`` if a column is missing, a number is listed twice, or a split is neither val nor test.
    """
    tables = []
    for file in files:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        missing = [c for c in NUMBERS if c not in table]
        if missing:
            raise ValueError(f"{file} lacks the column '{missing[0]}': every ledger needs it")
        if not table["split"].isin(["val", "test"]).all():
            raise ValueError(f"{file} has a number whose split is neither val nor test: correct it")
        tables.append(table[list(NUMBERS)].astype({"value": float}))
    numbers = pd.concat(tables, ignore_index=True)
    twice = numbers["number"][numbers["number"].duplicated()]
    if len(twice):
        raise ValueError(f"the number '{twice.iloc[0]}' is listed twice in {', '.join(map(str, files))}: rename one")
    return numbers


def stated_scores(numbers: pd.DataFrame) -> dict[str, float]:
    """Experiment → the mIoU (%) that its paper states of it on the validation pictures of PASCAL VOC 2012."""
    val = numbers[(numbers["split"] == "val") & (numbers["data"] == "voc2012")].drop_duplicates("experiment")
    return dict(zip(val["experiment"], val["value"], strict=True))


def ledger_table(
    numbers: pd.DataFrame,
    labels: Mapping[str, str],
    evaluations: Mapping[str, Sequence[Path]],
    conditions: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Every stated number with ours.

    ``labels``: experiment → label.  ``evaluations``: experiment → the ``metrics.json`` of its seeds that exist; they
    are of the validation split, so a test score is never ours.  ``conditions``: experiment → ``conditions_of`` it.
    Ours is after a dense CRF.  Columns: ``COLUMNS``.  The verdict is ``wsss.statistics.reproduced``'s, ``c`` by how far
    our mean may be off; or "other conditions: …", not run, or no score, and then there is no difference.
    """
    ours = our_scores(evaluations)
    pooled = _pooled_variances(ours, conditions)
    rows = []
    for number in numbers.to_dict("records"):
        experiment = number["experiment"]
        found = ours.get(experiment) if number["split"] == "val" else None
        row = number | {"label": labels.get(experiment, experiment), "paper": number["value"]}
        if found:
            said = {**conditions[experiment], "images": found["images"]}
            rows.append(row | found | _judged(found["scores"], number, said, pooled[said["method"]]))
        else:
            rows.append(row | {"seeds": 0, "verdict": "not run"})
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def our_table(
    numbers: pd.DataFrame, labels: Mapping[str, str], evaluations: Mapping[str, Sequence[Path]]
) -> pd.DataFrame:
    """Ours alone, for data sets that the papers' numbers say nothing about.

    Arguments as in ``ledger_table``.  One row for each experiment in ``labels`` that a paper states a number of.
    Columns: label, ours, ours_std, ours_without_crf, ours_without_crf_std, seeds.
    """
    ours = our_scores(evaluations)
    stated = [e for e in dict.fromkeys(numbers["experiment"]) if e in labels]
    rows = [{"label": labels[e], "seeds": 0} | ours.get(e, {}) for e in stated]
    return pd.DataFrame(rows).reindex(columns=["label", *OURS, "seeds"])


def our_scores(evaluations: Mapping[str, Sequence[Path]]) -> dict[str, dict]:
    """Experiment → ``OURS`` in %, seeds, scores (with CRF, of each seed), and images, for those that are evaluated."""
    found = {}
    for experiment, files in evaluations.items():
        if files:
            runs = read_scores([experiment], range(len(files)), files)
            mean = over_seeds(runs, ["experiment"], list(MODES.values())).iloc[0]
            images = ", ".join(dict.fromkeys(str(read_metrics(f).get("images")) for f in files))
            values = {c: mean[c.replace("ours", "miou")] for c in OURS}
            found[experiment] = {**values, "seeds": len(files), "scores": runs["miou"].tolist(), "images": images}
    return found


def _pooled_variances(ours: Mapping[str, dict], conditions: Mapping[str, Mapping[str, str]]) -> dict[str, float | None]:
    """Method → the mean variance over seeds of its experiments; None if fewer than two have one."""
    found: dict[str, list[float]] = {}
    for experiment, row in ours.items():
        found.setdefault(conditions[experiment]["method"], []).append(row["ours_std"] ** 2)
    return {method: pooled_variance(variances) for method, variances in found.items()}


def _judged(scores: Sequence[float], number: Mapping, conditions: Mapping[str, str], pooled: float | None) -> dict:
    """What our scores say of a stated number."""
    others = differences(conditions, number)
    if others:
        return {"verdict": f"other conditions: {'; '.join(others)}"}
    if not np.isfinite(scores).all():
        return {"verdict": "no score"}
    judged = reproduced(scores, number["value"], pooled)
    return {"difference": float(np.mean(scores)) - number["value"], "c": judged.c, "verdict": judged.verdict}
