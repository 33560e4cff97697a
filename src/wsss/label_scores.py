"""Tables that set the quality of an experiment's labels beside the scores of what they train."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wsss.tables import MODES, over_seeds

MEASURES = {"miou": "label mIoU", "precision": "label precision", "recall": "label recall"}  # in a quality.csv


def label_score_table(
    scores: pd.DataFrame,
    labels: Mapping[str, str],
    stages: Sequence[str],
    seeds: Sequence[int],
    files: Sequence[Path],
) -> pd.DataFrame:
    """One row for each experiment of ``labels`` (name → label), in %, with their std over seeds.

    ``scores``: from ``wsss.tables.read_scores``; ``stages``: which stage's labels train each experiment's first round;
    ``files``: the ``quality.csv`` of all seeds of the first experiment, then of the second, and so on.
    Raises ``ValueError`` if a file lacks the stage.
    """
    rows = []
    keys = [(name, stage, seed) for name, stage in zip(labels, stages, strict=True) for seed in seeds]
    for (name, stage, seed), file in zip(keys, files, strict=True):
        table = pd.read_csv(file).set_index("stage")
        if stage not in table.index:
            raise ValueError(f"{file} has no row '{stage}': delete it and run the target again")
        rows.append({"experiment": name, "seed": seed} | (100 * table.loc[stage, list(MEASURES)]).to_dict())
    quality = pd.DataFrame(rows).rename(columns=MEASURES)
    means = over_seeds(quality, ["experiment"], list(MEASURES.values())).drop(columns="seeds")
    final = over_seeds(scores, ["experiment"], list(MODES.values()))
    table = means.merge(final, on="experiment")
    table.insert(1, "label", table["experiment"].map(dict(labels)))
    table["seeds"] = table.pop("seeds")
    return table
