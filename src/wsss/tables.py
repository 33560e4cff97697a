"""The numbers behind every table: scores over seeds and of each seed, per-class IoU, labels stage by stage.

All scores in the tables are percentages.  Tables keep a mean and its spread in columns ``x`` and ``x_std`` (sample
standard deviation over seeds, NaN for one seed); ``wsss.pages`` prints them as "mean ± std".
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wsss.methods import MEASURED

MODES = {"crf": "miou", "raw": "miou_without_crf"}  # key in metrics.json → column

STAGE_NAMES = {measured.name: measured.title for measured in MEASURED}


def read_metrics(file: Path) -> dict:
    """One evaluation's ``metrics.json``.  Raises ``ValueError`` if a score that the tables need is missing."""
    report = json.loads(Path(file).read_text())
    for mode in MODES:
        if "miou" not in report.get(mode, {}):
            raise ValueError(f"{file} has no '{mode}.miou': delete it and run the target again")
    return report


def read_scores(experiments: Sequence[str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """mIoU in % of every experiment and seed: columns experiment, seed, miou, miou_without_crf.

    ``files``: the ``metrics.json`` of all seeds of the first experiment, then of the second, and so on.  One that is
    given for several seeds, since nothing in it was drawn, counts once.
    Raises ``ValueError`` if their number does not match.
    """
    keys = [(e, s) for e in experiments for s in seeds]
    if len(keys) != len(files):
        raise ValueError(f"{len(files)} evaluations for {len(experiments)} experiments with {len(seeds)} seeds")
    rows, first = [], {}
    for (experiment, seed), file in zip(keys, files, strict=True):
        if first.setdefault((experiment, str(file)), seed) != seed:
            continue
        report = read_metrics(file)
        rows.append((experiment, seed, *(_percent(report[mode]["miou"]) for mode in MODES)))
    return pd.DataFrame(rows, columns=["experiment", "seed", *MODES.values()])


def over_seeds(scores: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Mean (``x``), sample standard deviation (``x_std``) and count (``seeds``) of ``columns``, one row per ``by``.

    What is NaN with one seed is NaN: a mean of the others would not be of ``seeds``.
    """
    rows = []
    for key, group in scores.groupby(list(by), sort=False):
        row = dict(zip(by, key, strict=True)) | {"seeds": len(group)}
        for column in columns:
            values = group[column]
            row |= {column: values.mean(skipna=False), f"{column}_std": values.std(ddof=1, skipna=False)}
        rows.append(row)
    return pd.DataFrame(rows)


def experiment_table(
    scores: pd.DataFrame,
    labels: dict[str, str],
    stated: Mapping[str, float],
    reference: str | None,
    intervals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per experiment in ``labels`` (name → label), in that order.

    Columns: experiment, label, miou, miou_std, those of ``intervals`` (``wsss.intervals.score_intervals``),
    miou_without_crf, miou_without_crf_std, seeds, retention (% of the ``reference``'s mIoU with CRF, which may pass
    100; absent without a reference), paper (the mIoU in % that ``stated`` has for the experiment).
    """
    table = over_seeds(scores, ["experiment"], list(MODES.values())).set_index("experiment")
    table = table.join(intervals) if intervals is not None else table
    if reference is not None:
        table["retention"] = 100 * table["miou"] / table.loc[reference, "miou"]
    table["paper"] = pd.Series(stated, dtype=float)
    table = table.loc[list(labels)].reset_index()
    table.insert(1, "label", list(labels.values()))
    first = ["experiment", "label", "miou", "miou_std", *([] if intervals is None else intervals)]
    last = [c for c in ("seeds", "retention", "paper") if c in table]
    return table[[*first, *(c for c in table if c not in (*first, *last)), *last]]


def seed_table(labels: Mapping[str, str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """The scores in % behind every mean: one row for each experiment and seed.

    ``files`` as in ``read_scores``.  Columns: experiment, label, seed, miou, miou_without_crf, and for each class its
    IoU with CRF as ``iou_{class}``, NaN if it neither occurs nor is predicted.
    """
    table = read_scores(list(labels), seeds, files)
    table.insert(1, "label", table["experiment"].map(dict(labels)))
    file_of = dict(zip([(e, s) for e in labels for s in seeds], files, strict=True))
    classes = [read_metrics(file_of[key])["crf"]["iou"] for key in zip(table["experiment"], table["seed"], strict=True)]
    return table.join(100 * pd.DataFrame(classes, dtype=float).add_prefix("iou_"))


def class_table(labels: dict[str, str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """IoU in % per class with CRF, mean over seeds: one row per class, one column per label; the last row is the mIoU.

    ``files`` as in ``read_scores``.  A class that neither occurs nor is predicted, with one of the seeds or more, is
    NaN: a mean of the others would not be over seeds.  The mIoU is the evaluation's own, over the classes that occur.
    """
    columns = {}
    for number, label in enumerate(labels.values()):
        chunk = files[number * len(seeds) : (number + 1) * len(seeds)]
        scores = [read_metrics(f)["crf"] for f in chunk]
        runs = [pd.Series({**s["iou"], "mIoU": s["miou"]}, dtype=float) for s in scores]
        columns[label] = 100 * pd.concat(runs, axis=1).mean(axis=1, skipna=False)
    return pd.DataFrame(columns).rename_axis("class").reset_index()


def sweep_table(
    values: Sequence,
    seeds: Sequence[int],
    files: Sequence[Path],
    stated: Mapping[str, float] | None = None,
    intervals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The points of a curve: value, seeds, and mean and std of the mIoU with and without CRF, in %.

    ``stated``: value → the paper's mIoU (%) with these settings; if there are any, they are the column ``paper``.
    ``intervals``: of the values as text, from ``wsss.intervals.score_intervals``, whose columns are added.
    """
    scores = read_scores([str(v) for v in values], seeds, files)
    table = over_seeds(scores, ["experiment"], list(MODES.values())).rename(columns={"experiment": "value"})
    table = table.join(intervals, on="value") if intervals is not None else table
    if stated:
        table["paper"] = table["value"].map(stated).astype(float)
    return table


def read_runs(labels: Mapping[str, str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """The rows of all ``files``, with the columns ``experiment`` and ``label``.

    ``labels``: experiment → how tables call it; ``files``: those of all seeds of the first experiment, then of the
    second, and so on.  Raises ``ValueError`` if their number does not match.
    """
    experiments = [e for e in labels for _ in seeds]
    runs = zip(experiments, files, strict=True)
    return pd.concat([pd.read_csv(f).assign(experiment=e, label=labels[e]) for e, f in runs], ignore_index=True)


def stage_quality_table(labels: dict[str, str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """How good the labels of each stage are, in %, over seeds: one row per experiment and stage.

    ``files``: the ``quality.csv`` of all seeds of the first experiment, then of the second, and so on.
    """
    runs = read_runs(labels, seeds, files)
    measures = [c for c in runs if c not in ("experiment", "label", "stage", "images")]
    runs[measures] *= 100
    table = over_seeds(runs, ["experiment", "label", "stage"], measures).drop(columns="experiment")
    table["stage"] = [STAGE_NAMES.get(s, s) for s in table["stage"]]
    table["seeds"] = table.pop("seeds")
    return table


def _percent(score: float | None) -> float:
    return float("nan") if score is None else 100 * score
