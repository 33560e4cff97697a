"""How sure a score or a difference of two is: intervals for new seeds and new pictures, and verdicts.

Seeds and pictures are crossed: every seed's network is scored on the same pictures.  What the pictures contribute comes
from a jackknife over them, what the seeds contribute from their variance, which is moderated by that of similar rows or
pairs (Smyth, Statistical Applications in Genetics and Molecular Biology 2004).  The t distribution's degrees of freedom
are Satterthwaite's.  Trainings' pictures are the same throughout: an interval is conditional on them.

Everything is in points of mIoU.  Notation: S seeds, m pictures.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.optimize import brentq

FEWEST_PICTURES = 5  # a class in fewer is left out of intervals: its IoU hangs on single pictures
PRIOR = 4  # degrees of freedom that the pooled variance is given
LEVEL = 0.95
POWER = 0.8
NO_CHANGE = 0.2  # points: a paper's claim of no more than this is one of no change
TOLERANCE = 1.0  # points within which a number counts as reproduced
FEWEST_SEEDS = 3  # to judge whether a number is reproduced


# --- a score of several seeds on the same pictures ----------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """A score of S seeds on m pictures, or, subtracted, the difference of two.

    ``values``: (S,) float64.  ``without``: (S, m) float64, the same without each of the pictures.
    """

    values: np.ndarray
    without: np.ndarray

    def __sub__(self, other: "Sample") -> "Sample":
        """What was scored once, for nothing in it was drawn, has one seed, and is the same beside every other."""
        return Sample(self.values - other.values, self.without - other.without)

    @property
    def seeds(self) -> int:
        return len(self.values)

    @property
    def variance(self) -> float:
        """Over seeds, (n − 1 in the denominator); NaN for one seed."""
        return float(self.values.var(ddof=1)) if self.seeds > 1 else float("nan")


def common_classes(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes that occur in the true masks, and those of them in at least ``FEWEST_PICTURES`` pictures.

    ``counts``: (4, N), see ``wsss.picture_counts``.
    """
    pairs = np.unique(counts[:2].astype(np.int64), axis=1)
    classes, pictures = np.unique(pairs[1], return_counts=True)
    return classes, classes[pictures >= FEWEST_PICTURES]


def sample(runs: Sequence[np.ndarray], images: int, classes: np.ndarray) -> Sample:
    """The mIoU over ``classes`` of every seed's ``counts`` (4, N), on ``images`` pictures; NaN without classes."""
    scored = [_without_each(counts, images, classes) for counts in runs]
    return Sample(np.array([value for value, _ in scored]), np.stack([without for _, without in scored]))


def _without_each(counts: np.ndarray, images: int, classes: np.ndarray) -> tuple[float, np.ndarray]:
    """The mIoU, and the mIoU without each of the pictures (m,)."""
    if not len(classes):
        return float("nan"), np.full(images, np.nan)
    picture, true, predicted, pixels = counts.astype(np.int64)
    shape = images, 1 + int(max(classes.max(), true.max(), predicted.max()))
    of_truth, of_prediction, both = (np.zeros(shape, np.int64) for _ in range(3))
    np.add.at(of_truth, (picture, true), pixels)
    np.add.at(of_prediction, (picture, predicted), pixels)
    right = true == predicted
    both[picture[right], true[right]] = pixels[right]
    union = (of_truth + of_prediction - both)[:, classes]
    both = both[:, classes]
    every, unions = both.sum(axis=0), union.sum(axis=0)
    return 100 * float((every / unions).mean()), 100 * ((every - both) / (unions - union)).mean(axis=1)


# --- intervals ----------------------------------------------------------------------------------------------------


class Estimate(NamedTuple):
    """A mean over seeds and what it may be off by.  All but the mean is NaN where one seed was scored."""

    mean: float
    error: float  # standard error for new seeds and new pictures
    df: float  # degrees of freedom of its t distribution
    seeds_part: float  # what the seeds contribute to the error
    pictures_part: float  # what the pictures contribute

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        half = float(stats.t.ppf((1 + level) / 2, self.df)) * self.error if self.error else 0.0
        return self.mean - half, self.mean + half

    @property
    def p(self) -> float:
        """Two-sided, of no difference."""
        if self.error == 0:
            return float(self.mean == 0)
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.df))

    def detectable(self, claims: int = 1) -> float:
        """The least difference that is found with a probability of ``POWER``, as the first of so many claims (Holm)."""
        if not self.error > 0:
            return self.error
        critical = float(stats.t.isf((1 - LEVEL) / 2 / claims, self.df))
        errors = brentq(lambda away: stats.nct.sf(critical, self.df, away) - POWER, 0, 4 * critical + 2)
        return float(errors) * self.error


def estimate(sample: Sample, pooled: float | None = None) -> Estimate:
    """The mean over seeds of a score or difference, its error and degrees of freedom.

    ``pooled``: the mean variance over seeds of the rows or pairs that this one is of (``pooled_variances``); None where
    there is no other, and then nothing is added to the seeds' own degrees of freedom.
    """
    mean, seeds, pictures = float(sample.values.mean()), sample.seeds, sample.without.shape[1]
    if seeds < 2 or not np.isfinite(mean):
        return Estimate(mean, *[float("nan")] * 4)
    pseudo = sample.without.mean(axis=1, keepdims=True) - sample.without
    z, k = pseudo.mean(axis=0), (pictures - 1) / pictures
    of_both = k * ((pseudo - z) ** 2).sum() / (seeds * (seeds - 1))
    of_pictures = max(k * (z**2).sum() - of_both, 0.0)
    moderated, df_seeds = moderate(sample.variance, pooled, seeds)
    of_seeds, fourth = moderated / seeds, (z**4).sum()
    variance = of_seeds + of_pictures
    if variance == 0:
        return Estimate(mean, 0.0, float("inf"), 0.0, 0.0)
    df_pictures = min(pictures - 1, 2 * (z**2).sum() ** 2 / fourth) if fourth else pictures - 1
    df = variance**2 / (of_seeds**2 / df_seeds + of_pictures**2 / df_pictures)
    return Estimate(mean, *map(float, (variance**0.5, df, of_seeds**0.5, of_pictures**0.5)))


def moderate(variance: float, pooled: float | None, seeds: int) -> tuple[float, int]:
    """The moderated variance over seeds and its degrees of freedom; the seeds' own where nothing is pooled."""
    own = seeds - 1
    if pooled is None:
        return variance, own
    return (PRIOR * pooled + own * variance) / (PRIOR + own), PRIOR + own


def pooled_variances(
    samples: Mapping[Hashable, Sample], groups: Mapping[Hashable, Hashable | None]
) -> dict[Hashable, float | None]:
    """For each row or pair: the mean variance over seeds of all in its group; None if it is alone.

    ``groups``: which method a row, or both rows of a pair, are of; None belongs to no group.
    """
    found: dict[Hashable, float | None] = {}
    for name in samples:
        peers = [s.variance for other, s in samples.items() if groups[other] == groups[name] is not None]
        found[name] = pooled_variance(peers)
    return found


def pooled_variance(variances: Sequence[float]) -> float | None:
    """The mean variance over seeds of a method's rows or pairs; None if there is only one that has a variance."""
    known = [v for v in variances if np.isfinite(v)]
    return float(np.mean(known)) if len(known) > 1 else None


# --- verdicts -----------------------------------------------------------------------------------------------------


def holm(p: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p values, in the order given; NaN where there is none, which does not count as a claim."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(np.asarray(p, float)))
    order = known[np.argsort(np.asarray(p, float)[known], kind="stable")]
    steps = np.asarray(p, float)[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def verdict(found: Estimate, p: float, margin: float, *, change: bool = True) -> str:
    """What a difference says of the claim that it is above zero; with ``change`` false, that there is none.

    ``p``: adjusted (``holm``).  ``margin``: the points below which a difference does not matter.  Equivalence: the 90 %
    interval lies inside ± margin, which is two one-sided tests at 5 %.
    """
    if not np.isfinite(found.mean):
        return "no score: no verdict"
    if not np.isfinite(found.error):
        return "one seed: no verdict"
    low, high = found.interval(2 * LEVEL - 1)
    small, differs = max(-low, high) < margin, p < 1 - LEVEL
    points = f"{margin:g} point{'' if margin == 1 else 's'}"
    if differs and change:
        return ("holds" if found.mean > 0 else "reversed") + (f", below {points}" if small else "")
    if small:
        return f"equivalent within {points}"
    return "differs" if differs else "undecided"


class Reproduction(NamedTuple):
    """Whether a published number is found again, and c, by how far the mean of the seeds may be off (points)."""

    verdict: str  # "reproduced", "differs", "undecided", or why there is none
    c: float


def reproduced(scores: Sequence[float], published: float, pooled: float | None = None) -> Reproduction:
    """Whether seeds with the mIoUs ``scores`` (%) reach the ``published`` one, under the paper's conditions.

    ``pooled``: ``pooled_variance`` of the rows of the same method, this one among them (None: it is alone).
    Reproduced: the mean is within ``TOLERANCE`` even if it is off by c; differs: it is not even then.  The pictures are
    the same, so only seeds count.
    """
    values = np.asarray(scores, float)
    if len(values) < FEWEST_SEEDS:
        words = "one seed" if len(values) == 1 else f"{len(values)} seeds"
        return Reproduction(f"{words}: no verdict", float("nan"))
    variance, df = moderate(float(values.var(ddof=1)), pooled, len(values))
    c = float(stats.t.ppf(LEVEL, df)) * (variance / len(values)) ** 0.5
    away = abs(float(values.mean()) - published)
    if np.isnan(c):
        return Reproduction("no score: no verdict", c)
    if away + c <= TOLERANCE:
        return Reproduction("reproduced", c)
    return Reproduction("differs" if away - c > TOLERANCE else "undecided", c)
