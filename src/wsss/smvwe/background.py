"""What a background score does to the labels.  Evaluation: reads masks, and chooses nothing that trains a network."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from wsss.data import Picture
from wsss.label_io import read_gray, read_label
from wsss.metrics import mean_iou
from wsss.smvwe.labels import SCORES, bins_of, saliency_agreement, strongest_map

CHOICES = {
    "constant": "constant",
    "saliency": "saliency maps",
    "masks": "true masks (evaluation only, never used)",
}


def score_confusions(winner: np.ndarray, values: np.ndarray, truth: np.ndarray, num_classes: int) -> np.ndarray:
    """Pixel counts (K, C, C), for each of ``SCORES``: rows are true classes, columns those of the label.

    winner, truth: (H, W) uint8 of class and true class, where 255 does not count; values: (H, W), the highest map.
    """
    counted = truth != 255
    true, label, bins = (a[counted].astype(np.int64) for a in (truth, winner, bins_of(values)))
    shape = (num_classes, num_classes, len(SCORES) + 1)
    counts = np.bincount((true * num_classes + label) * shape[2] + bins, minlength=np.prod(shape)).reshape(shape)
    foreground = counts[..., ::-1].cumsum(2)[..., ::-1][..., 1:]
    foreground[:, 0] += counts.cumsum(2)[..., :-1].sum(1)
    return foreground.transpose(2, 0, 1)


def background_quality(
    pictures: Sequence[Picture],
    masks: Mapping[str, Path],
    maps: Path,
    num_classes: int,
    progress: Callable,
    *,
    aligned: bool,
) -> pd.DataFrame:
    """For each of ``SCORES``: ``miou`` of the labels against the masks, ``agreement`` with the saliency maps."""
    total = np.zeros((len(SCORES), num_classes, num_classes), np.int64)
    agreements = []
    for picture in progress(pictures, len(pictures)):
        winner, values = strongest_map(picture, maps, aligned=aligned)
        total += score_confusions(winner, values, read_label(masks[picture.image_id]), num_classes)
        agreements.append(saliency_agreement(values, read_gray(picture.saliency)))
    counted = [a for a in agreements if a is not None]
    agreement = np.mean(counted, axis=0) if counted else np.full(len(SCORES), np.nan)
    return pd.DataFrame({"score": SCORES, "miou": [mean_iou(c) for c in total], "agreement": agreement})


def background_table(
    qualities: Mapping[tuple[str, int], pd.DataFrame], labels: Mapping[str, str], constants: Mapping[str, float]
) -> pd.DataFrame:
    """Three rows for each experiment: the score that is constant, chosen by saliency, and tuned on the true masks.

    ``qualities``: (experiment, seed) → ``background_quality``; ``labels``: experiment → label, ``constants``: its
    constant score.  Columns: label, score from, score and mIoU (%) with their std over seeds, seeds.
    """
    rows = []
    for name, label in labels.items():
        tables = [t for (experiment, _), t in qualities.items() if experiment == name]
        for choice, words in CHOICES.items():
            picked = pd.DataFrame([_picked(t, choice, constants[name]) for t in tables])
            means, stds = picked.mean(), picked.std(ddof=1)
            row = {"label": label, "score from": words}
            row |= {"score": 100 * means["score"], "score_std": 100 * stds["score"]}
            rows.append(row | {"miou": 100 * means["miou"], "miou_std": 100 * stds["miou"], "seeds": len(picked)})
    return pd.DataFrame(rows)


def _picked(table: pd.DataFrame, choice: str, constant: float) -> pd.Series:
    """The row that a choice gives; a constant between two scores is interpolated."""
    if choice == "constant":
        miou = np.interp(constant, table["score"], table["miou"])
        return pd.Series({"score": constant, "miou": miou})
    column = {"saliency": "agreement", "masks": "miou"}[choice]
    best = int(np.nanargmax(table[column])) if table[column].notna().any() else len(table) // 2
    return table.loc[best, ["score", "miou"]]
