"""How often intervals of nominal 95 % cover the truth, on made-up counts whose truth is known.

``pytest -s`` prints the table.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from made_up_counts import CLASSES, PICTURES, SITUATIONS, draw, true_score
from scipy import stats

from wsss.statistics import estimate, pooled_variances, sample

PAIRS = 5  # of a table with six rows, each with the one before
TABLES = 600  # made-up tables: one pair's coverage has a standard error of .9 points, the mean over pairs less


def covers(found, truth: float) -> bool:
    low, high = found.interval()
    return low <= truth <= high


@cache
def coverage(situation: str, seeds: int, pairs: int, tables: int, alone: bool = False) -> Mapping[str, float]:
    """Shares (%) of differences and of scores of rows that their intervals cover.

    "seeds alone": of differences, by the usual t interval over paired seeds.  ``alone``: a difference that nothing is
    pooled with, in fact and as if its own variance were that of others.
    """
    effects, rng = SITUATIONS[situation], np.random.default_rng([seeds, pairs, sum(map(ord, situation))])
    truth = [true_score(rng, effects, row) for row in range(pairs + 1)]
    found: dict[str, list[bool]] = {"differences": [], "rows": [], "seeds alone": [], "if it were pooled": []}
    for _ in range(tables):
        drawn = draw(rng, effects, pairs + 1, seeds)
        rows = {n: sample(runs, PICTURES, np.arange(CLASSES + 1)) for n, runs in enumerate(drawn)}
        differences = {n: rows[n + 1] - rows[n] for n in range(pairs)}
        for name, samples in (("differences", differences), ("rows", rows)):
            pooled = pooled_variances(samples, dict.fromkeys(samples, "one method"))
            for n, s in samples.items():
                true = truth[n + 1] - truth[n] if name == "differences" else truth[n]
                found[name].append(covers(estimate(s, pooled[n]), true))
                if name == "differences":
                    low, high = stats.t.interval(0.95, seeds - 1, s.values.mean(), (s.variance / seeds) ** 0.5)
                    found["seeds alone"].append(low <= true <= high)
                if alone and name == "differences":
                    found["if it were pooled"].append(covers(estimate(s, s.variance), true))
    return {name: 100 * float(np.mean(hits)) for name, hits in found.items() if hits}


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_intervals_cover_new_seeds_and_pictures(situation: str, seeds: int):
    found = coverage(situation, seeds, PAIRS, TABLES)
    print(f"\n{situation:18} {seeds} seeds: ", "  ".join(f"{name} {share:.1f} %" for name, share in found.items()))
    assert 93 <= found["differences"] <= 97 and 93 <= found["rows"] <= 97
    assert found["seeds alone"] < 60 or situation != "pictures dominate"


@pytest.mark.slow
def test_a_pair_alone_is_given_no_degrees_of_freedom_of_others():
    found = coverage("seeds dominate", 3, 1, 1500, alone=True)
    print(f"\na pair alone, seeds dominate, 3 seeds: {found['differences']:.1f} %, {found['if it were pooled']:.1f} %")
    assert found["differences"] >= 92 and found["if it were pooled"] < 90
