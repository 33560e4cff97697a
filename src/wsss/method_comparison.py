"""Methods side by side, on the same data, segmentation network and seeds: labels, scores, time and memory."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wsss.label_scores import stage_row
from wsss.tables import MODES, over_seeds, read_scores

COSTS = ("training_s", "labels_s", "evaluation_s", "peak_memory_mib")
# What ``quality.csv`` calls it → what the table does.
QUALITY = {"miou": "label_miou", "coverage": "label_coverage", "miou_255_as_error": "label_miou_255_as_error"}


def costs(records: Sequence[Path]) -> dict[str, float]:
    """What one chain of stages cost, from the ``provenance.json`` of each.

    ``training_s``: seconds in which networks were trained; ``labels_s``: in which maps, labels and predictions on
    training pictures were made; ``evaluation_s``: of prediction and CRF on the validation pictures;
    ``peak_memory_mib``: of the largest of these jobs.
    """
    found = dict.fromkeys(COSTS, 0.0)
    for file in records:
        record = json.loads(Path(file).read_text())
        rule = record["rule"]
        kind = "training_s" if rule.startswith("train_") else "evaluation_s" if rule == "evaluate" else "labels_s"
        found[kind] += record["wall_seconds"]
        found["peak_memory_mib"] = max(found["peak_memory_mib"], record["peak_memory_mib"] or 0)
    return found


def method_table(
    rows: Mapping[str, Mapping[str, str | None]],
    seeds: Sequence[int],
    metrics: Sequence[Path],
    measured: Mapping[str, Sequence[tuple[Path, Path]]],
    chains: Mapping[str, Sequence[Sequence[Path]]],
    reference: str | None,
    intervals: pd.DataFrame,
) -> pd.DataFrame:
    """One row for each experiment, in the order of ``rows``; means over seeds and sample standard deviations.

    ``rows``: experiment → ``method`` and ``label`` as tables call them, and ``stage``, the name under which the labels
    that train its first round are measured (None: it has none).  ``metrics``: as for ``read_scores``, of the rows and,
    if it is none of them, the ``reference``.  ``measured``: experiment → for each seed its ``quality.csv`` and
    ``boundaries.csv``.  ``chains``: experiment → for each seed the ``provenance.json`` of all its stages.
    ``intervals``: of the experiments (``wsss.intervals.score_intervals``), whose columns follow the mIoU.
    Columns: experiment, method, label, label_miou (of pixels with a label), label_coverage (the share of these),
    label_miou_255_as_error, boundary_f1, miou and miou_without_crf (%, each with its std), retention (% of its
    mIoU), ``COSTS``, seeds.
    """
    experiments = list(dict.fromkeys([*rows, *([reference] if reference else [])]))
    scores = read_scores(experiments, seeds, metrics)
    for e, row in rows.items():
        for number, seed in enumerate(seeds):
            here = (scores["experiment"] == e) & (scores["seed"] == seed)
            for name, value in costs(chains[e][number]).items():
                scores.loc[here, name] = value
            if row["stage"]:
                quality, boundaries = (stage_row(f, row["stage"]) for f in measured[e][number])
                for name, column in QUALITY.items():
                    scores.loc[here, column] = quality[name]
                scores.loc[here, "boundary_f1"] = boundaries["f1"]
    spread = [*QUALITY.values(), "boundary_f1", *MODES.values()]
    every = scores.reindex(columns=["experiment", "seed", *spread, *COSTS])
    table = over_seeds(every, ["experiment"], [*spread, *COSTS]).set_index("experiment")
    if reference:
        table["retention"] = 100 * table["miou"] / table.loc[reference, "miou"]
    table = table.loc[list(rows)].join(intervals).rename_axis("experiment").reset_index()
    table.insert(1, "method", [row["method"] for row in rows.values()])
    table.insert(2, "label", [row["label"] for row in rows.values()])
    columns = [f"{s}{kind}" for s in spread for kind in ("", "_std")]
    after = columns.index("miou_std") + 1
    columns = ["experiment", "method", "label", *columns[:after], *intervals, *columns[after:]]
    return table[[*columns, *(["retention"] if reference else []), *COSTS, "seeds"]]
