"""Intervals and verdicts: every formula again, with loops, on counts small enough for that."""

import math

import numpy as np
import pytest
from scipy import stats

from wsss.picture_counts import sparse
from wsss.statistics import (
    Estimate,
    Sample,
    common_classes,
    estimate,
    holm,
    pooled_variance,
    pooled_variances,
    reproduced,
    sample,
    verdict,
)

CLASSES, PICTURES = 4, 9


def confusions(seed: int, right: int = 90) -> np.ndarray:
    """Of nine pictures, (m, C, C); class 3 is never there and sometimes predicted; the last picture has no pixels."""
    rng = np.random.default_rng(seed)
    found = rng.integers(0, 60, (PICTURES, CLASSES, CLASSES)) + right * np.eye(CLASSES, dtype=int)
    found[:, 3] = 0
    found[-1] = 0
    return found


def miou(matrix: np.ndarray, classes: range = range(3)) -> float:
    ious = []
    for c in classes:
        ious.append(matrix[c, c] / (matrix[c, :].sum() + matrix[:, c].sum() - matrix[c, c]))
    return 100 * sum(ious) / len(ious)


def left_out(pictures: np.ndarray) -> list[float]:
    """The mIoU without each picture, every time from all the others."""
    return [miou(np.delete(pictures, i, axis=0).sum(axis=0)) for i in range(len(pictures))]


RUNS = {"worse": [confusions(s) for s in (1, 2, 3)], "better": [confusions(s, 97) for s in (4, 5, 6)]}


@pytest.fixture
def rows() -> dict[str, Sample]:
    runs = {name: [sparse(pictures) for pictures in found] for name, found in RUNS.items()}
    return {name: sample(found, PICTURES, np.arange(3)) for name, found in runs.items()}


@pytest.fixture
def difference(rows: dict[str, Sample]) -> Sample:
    return rows["better"] - rows["worse"]


def test_scores_without_each_picture(rows: dict[str, Sample]):
    for name, row in rows.items():
        assert row.values.tolist() == pytest.approx([miou(p.sum(axis=0)) for p in RUNS[name]], abs=1e-12)
        assert row.without == pytest.approx(np.array([left_out(p) for p in RUNS[name]]), abs=1e-10)
        assert row.without[:, -1] == pytest.approx(row.values)  # nothing is lost with a picture without pixels


@pytest.mark.parametrize("pooled", [None, 0.4, 30.0])
def test_an_interval_by_its_formulas(difference: Sample, pooled: float | None):
    seeds, m = 3, PICTURES
    d = [miou(b.sum(axis=0)) - miou(w.sum(axis=0)) for b, w in zip(RUNS["better"], RUNS["worse"], strict=True)]
    without = [np.subtract(left_out(b), left_out(w)) for b, w in zip(RUNS["better"], RUNS["worse"], strict=True)]
    jackknife = [[w.mean() - w[i] for i in range(m)] for w in without]
    z = [sum(j[i] for j in jackknife) / seeds for i in range(m)]
    k = (m - 1) / m
    v_img = k * sum(x**2 for x in z)
    v_int = k * sum((j[i] - z[i]) ** 2 for j in jackknife for i in range(m)) / (seeds * (seeds - 1))
    v_b = max(v_img - v_int, 0)
    assert v_b > 0
    mean = sum(d) / seeds
    own = sum((x - mean) ** 2 for x in d) / (seeds - 1)
    moderated = own if pooled is None else (4 * pooled + (seeds - 1) * own) / (seeds + 3)
    df_seeds = seeds - 1 if pooled is None else seeds + 3
    variance = moderated / seeds + v_b
    df_b = min(m - 1, 2 * sum(x**2 for x in z) ** 2 / sum(x**4 for x in z))
    df = variance**2 / ((moderated / seeds) ** 2 / df_seeds + v_b**2 / df_b)
    half = stats.t(df).ppf(0.975) * math.sqrt(variance)
    found = estimate(difference, pooled)
    assert found == pytest.approx((mean, math.sqrt(variance), df, math.sqrt(moderated / seeds), math.sqrt(v_b)))
    assert found.interval() == pytest.approx((mean - half, mean + half))
    assert found.interval(0.9)[0] == pytest.approx(mean - stats.t(df).ppf(0.95) * math.sqrt(variance))
    assert found.p == pytest.approx(2 * (1 - stats.t(df).cdf(abs(mean) / math.sqrt(variance))))


def test_pictures_count_for_nothing_if_seeds_explain_all_of_them():
    """Each seed is thrown off by a picture of its own."""
    values = np.array([1.0, 2.0, 3.0])
    without = values[:, None] + 3.0 * np.eye(3, 30) - 0.1
    found = estimate(Sample(values, without), 1.0)
    assert found.pictures_part == 0
    assert found.df == pytest.approx(6)
    assert found.interval()[1] == pytest.approx(2 + 2.447 / math.sqrt(3), abs=1e-3)  # t(.975, 6) from a printed table


def test_one_seed_has_a_difference_and_nothing_else(difference: Sample):
    one = estimate(Sample(difference.values[:1], difference.without[:1]), 0.5)
    assert one.mean == difference.values[0]
    assert all(math.isnan(x) for x in (*one[1:], *one.interval(), one.p, one.detectable()))


def test_equal_rows_differ_by_nothing(rows: dict[str, Sample]):
    same = estimate(rows["better"] - rows["better"])
    assert same.interval() == (0, 0) and same.p == 1 and same.detectable(8) == 0
    assert verdict(same, 1.0, 1.0) == "equivalent within 1 point"


def test_a_row_in_which_nothing_was_drawn_stands_beside_every_seed(rows: dict[str, Sample]):
    once = Sample(rows["worse"].values[:1], rows["worse"].without[:1])
    found = rows["better"] - once
    assert found.values.tolist() == (rows["better"].values - once.values[0]).tolist()
    assert found.without.shape == (3, PICTURES) and found.seeds == 3


def test_rare_classes_are_left_out():
    """Class 1 is in five pictures, class 2 in four, class 3 in none; being predicted does not count."""
    pictures = np.zeros((6, 4, 4), int)
    pictures[:, 0, 3] = 1
    pictures[:5, 1, 0] = pictures[:5, 1, 1] = pictures[:4, 2, 2] = 1
    every, common = common_classes(sparse(pictures))
    assert every.tolist() == [0, 1, 2] and common.tolist() == [0, 1]


def test_without_a_class_in_five_pictures_there_is_no_score():
    nothing = sample([sparse(confusions(0)[:3])] * 2, 3, np.array([], int))
    assert verdict(estimate(nothing), float("nan"), 1.0) == "no score: no verdict"


def test_variances_are_pooled_with_those_of_one_method():
    values = {"a": [1, 3], "b": [0, 4], "c": [0, 6], "alone": [0, 2], "two methods": [0, 1], "other two": [0, 1]}
    samples = {name: Sample(np.array(v, float), np.zeros((2, 5))) for name, v in values.items()}
    groups = dict.fromkeys("abc", "nsrom") | {"alone": "smvwe", "two methods": None, "other two": None}
    assert pooled_variances(samples, groups) == {
        **dict.fromkeys("abc", (2 + 8 + 18) / 3), "alone": None, "two methods": None, "other two": None
    }  # fmt: skip
    one = {name: Sample(s.values[:1], s.without[:1]) for name, s in samples.items()}
    assert set(pooled_variances(one, groups).values()) == {None}
    assert pooled_variance([2.0, float("nan"), 4.0]) == 3 and pooled_variance([2.0, float("nan")]) is None


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, float("nan"), 0.01, 0.6]).tolist() == pytest.approx([1, float("nan"), 0.03, 1], nan_ok=True)
    assert holm([]).tolist() == []


@pytest.mark.parametrize("claims", [1, 8])
def test_what_can_be_found_is_found_four_times_of_five(claims: int):
    found = Estimate(0.3, 0.6, 14.0, 0.4, 0.4)
    critical = stats.t(14).ppf(1 - 0.025 / claims)
    assert stats.nct(14, found.detectable(claims) / 0.6).sf(critical) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("mean", "error", "p", "change", "words"),
    [
        (3.0, 0.5, 0.001, True, "holds"),
        (-3.0, 0.5, 0.001, True, "reversed"),
        (0.4, 0.1, 0.001, True, "holds, below 1 point"),
        (-0.4, 0.1, 0.001, True, "reversed, below 1 point"),
        (3.0, 0.5, 0.0501, True, "undecided"),
        (0.1, 0.2, 0.6, True, "equivalent within 1 point"),
        (0.1, 0.2, 0.6, False, "equivalent within 1 point"),
        (0.4, 0.1, 0.001, False, "equivalent within 1 point"),
        (7.3, 0.9, 0.001, False, "differs"),
        (-7.3, 0.9, 0.001, False, "differs"),
        (0.1, 2.0, 0.9, False, "undecided"),
        (3.0, float("nan"), float("nan"), True, "one seed: no verdict"),
        (3.0, float("nan"), float("nan"), False, "one seed: no verdict"),
    ],
)
def test_verdicts(mean: float, error: float, p: float, change: bool, words: str):
    assert verdict(Estimate(mean, error, 20.0, error, 0.0), p, 1.0, change=change) == words


def test_equivalence_asks_that_ninety_percent_lie_within_the_margin():
    found = Estimate(0.5, 0.28, 20.0, 0.28, 0.0)  # 90 %: up to .983; 95 %: up to 1.084
    assert verdict(found, 1.0, 1.0) == "equivalent within 1 point"
    assert verdict(found._replace(error=0.3), 1.0, 1.0) == "undecided"  # 90 %: up to 1.017
    assert verdict(found._replace(error=0.3), 1.0, 2.0) == "equivalent within 2 points"
    assert verdict(found._replace(mean=-0.5, error=0.3), 1.0, 1.0) == "undecided"


def test_whether_a_number_is_reproduced():
    assert reproduced([60, 68, 76], 68.3, 64.0).verdict == "undecided"
    assert reproduced([60, 68, 76], 68.3).verdict == "undecided"
    assert reproduced([70.3, 70.4, 70.6], 70.4).verdict == "reproduced"
    assert reproduced([65.1, 65.2, 65.3], 70.4).verdict == "differs"
    assert reproduced([70.4, 70.4], 70.4) == ("2 seeds: no verdict", pytest.approx(float("nan"), nan_ok=True))
    assert reproduced([70.4], 70.4).verdict == "one seed: no verdict"


def test_how_far_a_mean_may_be_off():
    """t(.95, 6) = 1.943 and t(.95, 2) = 2.920, from a printed table."""
    scores = [69.0, 70.0, 71.0]  # variance 1
    assert reproduced(scores, 70.0, 4.0).c == pytest.approx(1.943 * math.sqrt((4 * 4 + 2 * 1) / 6 / 3), abs=1e-3)
    assert reproduced(scores, 70.0).c == pytest.approx(2.920 / math.sqrt(3), abs=1e-3)
    five = [70.0, 70.2, 69.8, 70.0, 70.0]
    assert reproduced(five, 70.0, 0.02).c == pytest.approx(1.860 * math.sqrt(0.02 / 5), abs=1e-3)  # t(.95, 8)
    assert reproduced(five, 70.9, 0.02).verdict == "undecided"
    assert reproduced(five, 70.85, 0.02).verdict == "reproduced"
    assert reproduced(five, 71.2, 0.02).verdict == "differs"
