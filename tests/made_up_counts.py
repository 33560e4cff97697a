"""Made-up confusion counts of rows that differ by known amounts, with effects of seeds and of pictures."""

from dataclasses import dataclass

import numpy as np

CLASSES, PICTURES = 8, 120  # foreground classes; each is in about 30 pictures, as in 300 scenes of 20 classes


@dataclass(frozen=True)
class Situation:
    """Standard deviations of the share of a class's pixels that is found, and what a row's share is above the last's.

    ``seed``: of a training, for all its classes; half as much again for each class alone.  ``picture``: of a row on a
    class of a picture, whatever the seed; ``both``: of a training on a class of a picture.
    """

    gain: float
    seed: float
    picture: float
    both: float


SITUATIONS = {
    "null": Situation(gain=0.0, seed=0.01, picture=0.08, both=0.06),
    "typical": Situation(gain=0.02, seed=0.01, picture=0.08, both=0.06),
    "pictures dominate": Situation(gain=0.02, seed=0.002, picture=0.16, both=0.02),
    "seeds dominate": Situation(gain=0.02, seed=0.025, picture=0.03, both=0.03),
}
BASE, SPREAD = 0.62, 0.1  # share found, and its standard deviation over a class's pictures, whatever the row
SPILL = 0.01  # share of the background that each class takes, if all of that class were missed
BACKGROUND, OBJECT = 12_000.0, 1_500.0  # mean pixels
KEPT = 0.8  # of missed pixels become background, the rest the picture's other class


def uniform(rng: np.random.Generator, spread: float, *shape: int) -> np.ndarray:
    """With this standard deviation around zero; bounded, so that shares stay within 0 and 1."""
    return rng.uniform(-1, 1, shape) * spread * 3**0.5


def seed_effects(rng: np.random.Generator, s: Situation, *shape: int) -> np.ndarray:
    """(*shape, C): what a training adds to the share found of every class."""
    return rng.normal(0, s.seed, (*shape, 1)) + rng.normal(0, s.seed / 2, (*shape, CLASSES))


def draw(rng: np.random.Generator, s: Situation, rows: int, seeds: int) -> list[list[np.ndarray]]:
    """The counts (4, N) of every row and seed on the same pictures; see ``wsss.picture_counts``."""
    shown = np.argsort(rng.random((PICTURES, CLASSES)), axis=1)[:, :2]  # two classes a picture
    area = OBJECT * rng.lognormal(-0.18, 0.6, (PICTURES, 2))
    background = BACKGROUND * rng.lognormal(-0.02, 0.2, PICTURES)
    common = uniform(rng, SPREAD, PICTURES, 2)
    counts = []
    for row in range(rows):
        own = uniform(rng, s.picture, PICTURES, 2)
        effects = seed_effects(rng, s, seeds)
        counts.append([])
        for seed in range(seeds):
            share = BASE + row * s.gain + effects[seed][shown] + common + own + uniform(rng, s.both, PICTURES, 2)
            found = area * np.clip(share, 0, 1)
            missed = area - found
            spilt = background[:, None] * SPILL * np.clip(1 - share, 0, 1) * rng.exponential(1, (PICTURES, 2))
            counts[row].append(_sparse(shown + 1, found, missed, spilt, background - spilt.sum(axis=1)))
    return counts


def _sparse(classes: np.ndarray, found: np.ndarray, missed: np.ndarray, spilt: np.ndarray, rest: np.ndarray):
    """The counts (4, N) from what each picture (rows) has of its two classes (columns)."""
    zero, picture = np.zeros_like(classes), np.tile(np.arange(len(classes))[:, None], 2)
    kinds = [
        (picture, classes, classes, found),
        (picture, classes, zero, KEPT * missed),
        (picture, classes, classes[:, ::-1], (1 - KEPT) * missed),
        (picture, zero, classes, spilt),
        (picture[:, :1], zero[:, :1], zero[:, :1], rest[:, None]),
    ]
    columns = [np.stack([k.ravel() for k in (*kind[:3], np.rint(kind[3]))]) for kind in kinds]
    return np.concatenate(columns, axis=1).astype(np.uint32)


def true_score(rng: np.random.Generator, s: Situation, row: int, draws: int = 50_000) -> float:
    """The mIoU (%) of a row on endlessly many pictures, mean over trainings.

    For a given training, expected counts are linear in the shares found; the IoU is their ratio.
    """
    share = BASE + row * s.gain + seed_effects(rng, s, draws)
    often = 2 / CLASSES  # pictures that show the class
    found, spilt = often * OBJECT * share, often * BACKGROUND * SPILL * (1 - share)
    missed = often * OBJECT - found
    taken = (1 - KEPT) / (CLASSES - 1) * (missed.sum(axis=1, keepdims=True) - missed)  # from the other class
    foreground = found / (often * OBJECT + spilt + taken)
    true = BACKGROUND - spilt.sum(axis=1)
    background = true / (BACKGROUND + KEPT * missed.sum(axis=1))
    return float(100 * np.concatenate([foreground, background[:, None]], axis=1).mean())
