"""Tables of how good the labels of experiments are."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wsss.cooccurrence import MEASURES as OF_PAIRS
from wsss.tables import over_seeds, read_runs

MEASURES = ("miou", "precision", "recall", "coverage", "missed_foreground")  # in a quality.csv


def stage_row(file: Path, stage: str) -> pd.Series:
    """What a ``quality.csv`` or ``boundaries.csv`` says of a stage, in %; raises ``ValueError`` if it does not."""
    table = pd.read_csv(file).set_index("stage")
    if stage not in table.index:
        raise ValueError(f"{file} has no row '{stage}': delete it and run the target again")
    return 100 * table.loc[stage]


def label_score_table(
    labels: Mapping[str, str], stages: Sequence[str], seeds: Sequence[int], files: Sequence[Path]
) -> pd.DataFrame:
    """One row for each experiment of ``labels`` (name → label): ``MEASURES`` in %, with their std over seeds.

    The mIoU is called ``label_miou``: a segmentation network's ``miou`` on validation pictures is another number.
    ``difference``: that to the first experiment's, taken seed by seed; NaN in the first row.
    ``stages``: which stage's labels train each experiment's first round; ``files``: the ``quality.csv`` of all seeds of
    the first experiment, then of the second, and so on.  Raises ``ValueError`` if a file lacks the stage.
    """
    keys = [(name, stage) for name, stage in zip(labels, stages, strict=True) for _ in seeds]
    rows = [
        {"experiment": name} | stage_row(file, stage)[list(MEASURES)].to_dict()
        for (name, stage), file in zip(keys, files, strict=True)
    ]
    scores = pd.DataFrame(rows).rename(columns={"miou": "label_miou"})
    first = scores["label_miou"].to_numpy()[: len(seeds)]
    scores["difference"] = scores["label_miou"] - list(first) * len(labels)
    scores.loc[: len(seeds) - 1, "difference"] = float("nan")
    columns = ["label_miou", "difference", *MEASURES[1:]]
    table = over_seeds(scores, ["experiment"], columns)
    table.insert(1, "label", table["experiment"].map(dict(labels)))
    table["seeds"] = table.pop("seeds")
    return table


def confusion_table(labels: dict[str, str], seeds: Sequence[int], files: Sequence[Path]) -> pd.DataFrame:
    """One row for each experiment and pair: confusion ratio, IoU (%), their std over seeds, and how the pair is seen.

    ``files``: those that ``measure_pairs`` wrote, of all seeds of the first experiment, then of the second, and so on.
    """
    runs = read_runs(labels, seeds, files)
    runs[["iou", "share"]] *= 100
    table = over_seeds(runs, ["experiment", "label", "class", "context"], OF_PAIRS).drop(columns="experiment")
    fixed = runs.drop_duplicates(["class", "context"])[["class", "context", "images", "together", "share", "lift"]]
    table = table.merge(fixed, on=["class", "context"], how="left", sort=False)
    return table[[c for c in table if c != "seeds"] + ["seeds"]]
