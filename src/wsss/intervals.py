"""The experiments of a table as samples of seeds and pictures, and the interval of each one's score."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from wsss.picture_counts import MODES, read_counts
from wsss.statistics import Sample, common_classes, estimate, pooled_variances, sample


class Scored(NamedTuple):
    """Experiments that were scored on the same pictures with the same seeds.

    ``crf``, ``raw``: experiment → its mIoU (%) with and without CRF, over the classes in five pictures or more.
    ``left_out``: how many classes are in fewer.
    """

    crf: dict[str, Sample]
    raw: dict[str, Sample]
    left_out: int


def read_scored(experiments: Sequence[str], seeds: Sequence[int], files: Sequence[Path]) -> Scored:
    """``files``: the ``counts.npz`` of all seeds of the first experiment, then of the second, and so on.

    One that is given for several seeds, since nothing in it was drawn, counts once.  Raises ``ValueError`` if their
    number does not match, or if they are not of the same pictures.
    """
    if len(files) != len(experiments) * len(seeds):
        raise ValueError(f"{len(files)} evaluations for {len(experiments)} experiments with {len(seeds)} seeds")
    first = read_counts(files[0])
    every, common = common_classes(first.crf)
    samples: dict[str, dict[str, Sample]] = {mode: {} for mode in MODES}
    for number, experiment in enumerate(experiments):
        mine = list(dict.fromkeys(map(str, files[number * len(seeds) : (number + 1) * len(seeds)])))
        runs = [read_counts(Path(file)) for file in mine]
        for file, run in zip(mine, runs, strict=True):
            if run.images != first.images:
                raise ValueError(f"{file} is of other pictures than {files[0]}: delete it and run the target again")
        for mode in MODES:
            samples[mode][experiment] = sample([getattr(run, mode) for run in runs], len(first.images), common)
    return Scored(**samples, left_out=len(every) - len(common))


def score_intervals(scored: Scored, methods: Mapping[str, str]) -> pd.DataFrame:
    """The 95 % interval of each experiment's mIoU with CRF, in %, one row per experiment.

    ``methods``: experiment → what trains it; variances over seeds are pooled within each.  Columns: miou_common,
    the mIoU that the interval belongs to, if that is not over all classes; miou_low and miou_high, if any experiment
    has two seeds.
    """
    pooled = pooled_variances(scored.crf, methods)
    found = {name: estimate(row, pooled[name]) for name, row in scored.crf.items()}
    table = pd.DataFrame(index=pd.Index(found, name="experiment"))
    if scored.left_out:
        table["miou_common"] = [e.mean for e in found.values()]
    if any(row.seeds > 1 for row in scored.crf.values()):
        table[["miou_low", "miou_high"]] = [e.interval() for e in found.values()]
    return table
