"""Pseudo labels from maps and a background score, and how the score is chosen from saliency maps."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from wsss.artifacts import written_aside
from wsss.data import Picture
from wsss.label_io import read_gray
from wsss.map_io import read_maps
from wsss.resampling import upsample_logits

SCORES = np.arange(2, 100, 2) / 100  # among which a background score is chosen
SALIENT = 128  # of 255


def strongest_map(picture: Picture, maps: Path, *, aligned: bool) -> tuple[np.ndarray, np.ndarray]:
    """At the picture's size: the class whose map in folder ``maps`` is the highest, uint8, and its value in [0, 1]."""
    small = np.stack(list(read_maps(maps / f"{picture.image_id}.png", picture.classes).values()))
    values = torch.from_numpy(small)[None].float() / 255
    full = upsample_logits(values, (picture.height, picture.width), align_corners=aligned)[0].numpy()
    return np.array(picture.classes, np.uint8)[full.argmax(0)], full.max(0)


def word_label(picture: Picture, *, maps: Path, settings: dict, chosen: Path | None = None) -> np.ndarray:
    """The label (H, W) uint8: the class of the highest map, background where it does not exceed the background score.

    ``chosen``: the file of the score that saliency maps chose; without it, it is ``smvwe.background_score``.
    """
    score = json.loads(chosen.read_text())["score"] if chosen else settings["smvwe.background_score"]
    winner, value = strongest_map(picture, maps, aligned=settings["cam.align_corners"])
    return np.where(value > np.float32(score), winner, np.uint8(0))


def bins_of(values: np.ndarray) -> np.ndarray:
    """How many of ``SCORES`` each value exceeds, 0..len(SCORES); in float32, as ``word_label`` compares them."""
    return np.searchsorted(SCORES.astype(np.float32), values.astype(np.float32), side="left")


def saliency_agreement(values: np.ndarray, saliency: np.ndarray) -> np.ndarray | None:
    """For each of ``SCORES``: the mean IoU of background and foreground with what is not salient and what is.

    values: (H, W), the highest map; saliency: (H, W) uint8.  None where nothing or everything is salient: such a map
    tells nothing of a picture that shows an object before a background.
    """
    salient = saliency >= SALIENT
    if salient.all() or not salient.any():
        return None
    bins = bins_of(values)
    inside, outside = (np.bincount(bins[part], minlength=len(SCORES) + 1) for part in (salient, ~salient))
    # What lies in a bin above k is foreground at the k-th score.
    hit, miss = inside[::-1].cumsum()[::-1][1:], inside.cumsum()[:-1]
    false, right = outside[::-1].cumsum()[::-1][1:], outside.cumsum()[:-1]
    return (hit / (hit + miss + false) + right / (right + miss + false)) / 2


def choose_score(
    pictures: Sequence[Picture], maps: Path, output: Path, table: Path, progress: Callable, *, aligned: bool
) -> float:
    """Writes the score that agrees best with the saliency maps, and the agreement of each; returns the score.

    The agreement is a mean over pictures, of which those whose saliency map says nothing do not count; where none
    counts it is NaN, and the score the middle one.  Reads no ground truth.
    """
    found = [
        saliency_agreement(strongest_map(p, maps, aligned=aligned)[1], read_gray(p.saliency))
        for p in progress(pictures, len(pictures))
    ]
    counted = [a for a in found if a is not None]
    agreement = np.mean(counted, axis=0) if counted else np.full(len(SCORES), np.nan)
    best = int(np.argmax(agreement)) if counted else len(SCORES) // 2
    with written_aside(Path(table)) as aside, open(aside, "w", newline="") as stream:
        csv.writer(stream).writerows([("score", "agreement"), *zip(SCORES.tolist(), agreement.tolist(), strict=True)])
    with written_aside(Path(output)) as aside:
        record = {"score": float(SCORES[best]), "agreement": float(agreement[best]), "pictures": len(counted)}
        aside.write_text(json.dumps(record) + "\n")
    return float(SCORES[best])
