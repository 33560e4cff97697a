"""Class patterns: the first principal component of the descriptors of a class's pictures, with its sign."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from safetensors.numpy import load_file, save_file

from wsss.artifacts import written_aside
from wsss.data import Picture
from wsss.generic.moments import ClassMoments
from wsss.randomness import generator

RULES = ("cam", "border", "extremes")
CONSTANT = 1e-12  # a first eigenvalue of less than this share of the mean square is rounding: all descriptors are equal


@dataclass
class Pattern:
    """One class's pattern.  A class without pictures, or whose descriptors are all equal, has ``std`` 0 and none.

    ``agreements``: rule → how far it agrees with the direction as it stands: correlation of projection and CAM ("cam"),
    minus the mean projection at the border ("border"), mean over pictures of the maximum plus minimum of a projection
    ("extremes"), the last two in standard deviations; NaN where a rule says nothing.
    """

    mean: np.ndarray  # (d,) float64
    directions: np.ndarray  # (2, d) float64, the first two eigenvectors; the first points to the object
    std: float  # of the projection on the first, over the pixels of the class's pictures
    share: float  # of the variance that the first explains
    pixels: int
    agreements: dict[str, float]
    sign: int = 1  # what the first was multiplied with, from the sign that makes its largest component positive
    rule: str = ""  # which rule chose it
    note: str = ""

    @property
    def usable(self) -> bool:
        return self.std > 0


def choose_images(pictures: Sequence[Picture], num_classes: int, limit: int, seed: int) -> dict[int, list[str]]:
    """Class index (from 1) → at most ``limit`` ids of pictures that show it, drawn by ``seed``, in ascending order."""
    chosen = {}
    for c in range(1, num_classes + 1):
        ids = sorted(p.image_id for p in pictures if c in p.classes)
        order = generator("patterns", seed, c).permutation(len(ids))[:limit]
        chosen[c] = sorted(ids[i] for i in order)
    return chosen


def pattern_of(moments: ClassMoments | None, dimension: int) -> Pattern:
    """The pattern of a class's moments, its sign as yet arbitrary: the largest component is positive."""
    none = {"mean": np.zeros(dimension), "directions": np.zeros((2, dimension)), "std": 0.0, "share": float("nan")}
    silent = dict.fromkeys(RULES, float("nan"))
    if moments is None:
        return Pattern(**none, pixels=0, agreements=silent, note="no picture")
    variance, directions = first_eigenvectors(moments.covariance)
    size = np.trace(moments.covariance) + moments.mean @ moments.mean
    if variance <= CONSTANT * size:
        return Pattern(**none, pixels=moments.pixels, agreements=silent, note="all descriptors are equal")
    std = float(np.sqrt(variance))
    with_cam = float(directions[0] @ moments.cam_covariance)
    agreements = {
        "cam": with_cam / (std * moments.cam_std) if moments.cam_std > 0 else float("nan"),
        "border": float(directions[0] @ (moments.mean - moments.border)) / std,
        "extremes": float("nan"),
    }
    note = "fewer pixels than channels" if moments.pixels < dimension else ""
    share = float(variance / np.trace(moments.covariance))
    return Pattern(moments.mean, directions, std, share, moments.pixels, agreements, note=note)


def first_eigenvectors(covariance: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest eigenvalue of (d, d), and the eigenvectors of the two largest as (2, d), largest component positive.

    With d = 1 the second is zero.
    """
    d = len(covariance)
    first = max(d - 2, 0)
    values, vectors = scipy.linalg.eigh(covariance, subset_by_index=(first, d - 1))
    found = vectors.T[::-1]
    largest = np.take_along_axis(found, np.abs(found).argmax(1)[:, None], axis=1)
    directions = np.zeros((2, d))
    directions[: len(found)] = found * np.where(largest < 0, -1, 1)
    return float(values[-1]), directions


def orient(pattern: Pattern, rule: str) -> None:
    """Turns the pattern towards the object by ``rule``; where that says nothing, by the next of ``RULES`` that does."""
    if not pattern.usable:
        return
    order = [rule, *(r for r in RULES if r != rule)]
    chosen = next((r for r in order if pattern.agreements[r] and np.isfinite(pattern.agreements[r])), None)
    pattern.rule = chosen or "none"
    if chosen and pattern.agreements[chosen] < 0:
        pattern.sign = -1
        pattern.directions = pattern.directions * np.array([[-1.0], [1.0]])
        pattern.agreements = {k: -v for k, v in pattern.agreements.items()}


def projection(features: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """Eq. 2 in standard deviations: (d, h, w) features → (h, w) float32 (t − t̄)ᵀξ/σ; zero without a pattern."""
    if not pattern.usable:
        return features.new_zeros(features.shape[-2:], dtype=torch.float32)
    axis = torch.from_numpy(pattern.directions[0] / pattern.std).to(features.device, torch.float32)
    offset = float(pattern.mean @ pattern.directions[0]) / pattern.std
    return torch.einsum("dhw,d->hw", features.float(), axis) - offset


def save_patterns(path: Path, patterns: Sequence[Pattern], identity: dict[str, str]) -> None:
    """Writes means (C, d), directions (C, 2, d) and stds (C,), float64; ``identity`` says of which features."""
    tensors = {
        "mean": np.stack([p.mean for p in patterns]),
        "directions": np.stack([p.directions for p in patterns]),
        "std": np.array([p.std for p in patterns]),
    }
    with written_aside(Path(path)) as aside:
        save_file(tensors, aside, metadata=identity)


def load_patterns(path: Path) -> list[Pattern]:
    """What ``save_patterns`` wrote, as far as projections need it."""
    t = load_file(path)
    rest = {"share": float("nan"), "pixels": 0, "agreements": {}}
    return [Pattern(m, d, float(s), **rest) for m, d, s in zip(t["mean"], t["directions"], t["std"], strict=True)]


TABLE = (
    "class", "images", "pixels", "channels", "eigenvalue_share", "std", "sign", "sign_by",
    "cam_agreement", "border_agreement", "extremes_agreement", "note",
)  # fmt: skip


def write_table(path: Path, patterns: Sequence[Pattern], names: Sequence[str], images: dict[int, list[str]]) -> None:
    """One row per class; ``names`` without background."""
    with written_aside(Path(path)) as aside, open(aside, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(TABLE)
        for index, (name, p) in enumerate(zip(names, patterns, strict=True), 1):
            agreements = [p.agreements[r] for r in RULES]
            row = (name, len(images[index]), p.pixels, len(p.mean), p.share, p.std, p.sign, p.rule, *agreements, p.note)
            writer.writerow(row)


def write_images(path: Path, names: Sequence[str], images: dict[int, list[str]]) -> None:
    """The pictures that gave each class its pattern."""
    with written_aside(Path(path)) as aside, open(aside, "w", newline="") as stream:
        rows = [(name, i) for index, name in enumerate(names, 1) for i in images[index]]
        csv.writer(stream).writerows([("class", "image_id"), *rows])
