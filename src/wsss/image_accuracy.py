"""How well a plain image classifier tells which classes a picture shows.  Reads image-level labels only."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from wsss.batches import batches_of, chunks_of
from wsss.classification import image_scores, one_hot
from wsss.data import Picture, read_picture, squash
from wsss.image_classifier import trained_classifier
from wsss.progress import Progress
from wsss.training import device

# measure → its name and what it is; a class is called present if its score exceeds .5, which is a logit above 0.
MEASURES = {
    "label_accuracy": (
        "accuracy of decisions",
        "of all decisions, picture by picture and class by class, those right; mean over classes",
    ),
    "always_absent": ("the same, none called present", "what it would be if every class were called absent"),
    "balanced_accuracy": (
        "balanced accuracy",
        "half of recall plus the share of other pictures rejected; mean over classes",
    ),
    "recall": ("mean per-class recall", "of the pictures that show a class, those in which it is called present"),
    "precision": ("mean per-class precision", "of the pictures in which a class is called present, those that show it"),
    "f1": ("mean per-class F1", "harmonic mean of the two before it, class by class"),
    "f1_overall": ("overall F1", "the same from the counts of all classes together"),
    "map": ("mAP", "mean over classes of the average precision of pictures ranked by score"),
    "exact": ("exact match", "pictures of which every class is told right"),
    "top_1": ("top 1", "pictures that show the class with the highest score"),
}
OF_CLASSES = ("balanced_accuracy", "recall", "precision", "f1", "map")


@torch.inference_mode()
def score_pictures(
    pictures: Sequence[Picture],
    num_classes: int,
    settings: dict,
    checkpoint: Path,
    *,
    progress: Progress,
    workers: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, C) float32 and labels (N, C) bool of pictures that are squashed as in training, unmirrored."""
    network = trained_classifier(checkpoint, settings, num_classes)
    chunks, side = chunks_of(pictures, settings["classifier.batch_size"]), settings["classifier.image_size"]
    logits, aligned = [], settings["cam.align_corners"]
    batches = batches_of(chunks, lambda p: [squash(read_picture(p.path), side, aligned=aligned)], workers)
    for _, (images,) in progress(batches, len(chunks), "batches"):
        logits.append(image_scores(network(network.backbone.normalise(images.to(device())))).float().cpu().numpy())
    return np.concatenate(logits), np.stack([one_hot(p, num_classes) for p in pictures]).astype(bool)


def accuracies(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """``MEASURES`` in [0, 1] of logits (N, C) and labels (N, C) bool.

    Those of classes are means over the classes that some picture shows; the precision of one that is never called
    present is 0.
    """
    called, shown = logits > 0, labels.any(0)
    right, positives, claims = (called & labels).sum(0), labels.sum(0), called.sum(0)
    rejected = (~called & ~labels).sum(0) / np.maximum(len(labels) - positives, 1)
    recall = right / np.maximum(positives, 1)
    of_classes = {
        # A class that every picture shows has no others to reject.
        "balanced_accuracy": np.where(positives < len(labels), (recall + rejected) / 2, recall),
        "recall": recall,
        "precision": right / np.maximum(claims, 1),
        "f1": 2 * right / np.maximum(positives + claims, 1),
        "map": np.array([average_precision(*pair) for pair in zip(logits.T, labels.T, strict=True)]),
    }
    found = {name: float(of_classes[name][shown].mean()) for name in OF_CLASSES}
    found |= {
        "label_accuracy": float((called == labels).mean()),
        "always_absent": float((~labels).mean()),
        "f1_overall": float(2 * right.sum() / max(positives.sum() + claims.sum(), 1)),
        "exact": float((called == labels).all(1).mean()),
        "top_1": float(labels[np.arange(len(labels)), logits.argmax(1)].mean()),
    }
    return {name: found[name] for name in MEASURES}


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the positives of the precision down to their score, (N,) each; NaN without a positive.

    Equal scores are one step of the ranking, so that their order does not matter.
    """
    if not labels.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], labels[order].cumsum()
    last = np.append(ranked[1:] != ranked[:-1], True)  # of each run of equal scores
    gained = np.diff(hits[last], prepend=0)
    return float((gained * hits[last] / (np.flatnonzero(last) + 1)).sum() / hits[-1])


def accuracy_table(runs: Mapping[str, Sequence[pd.Series]], paper: float | None) -> pd.DataFrame:
    """A row for each classifier and each of ``MEASURES``: mean and std over seeds in %, and what is measured.

    ``runs``: classifier → its ``accuracies`` with each seed; they are told apart where there are several.  ``paper``:
    the number that the paper states, in %, which does not say what it measures; it is the last row.
    """
    rows = []
    for classifier, found in runs.items():
        values = 100 * pd.DataFrame(found)
        for key, (name, meaning) in MEASURES.items():
            row = {"classifier": classifier} if len(runs) > 1 else {}
            row |= {"measure": name, "percent": values[key].mean(), "percent_std": values[key].std(ddof=1)}
            rows.append(row | {"seeds": len(values), "definition": meaning})
    if paper is not None:
        said = {"percent": paper, "definition": "stated for MS-COCO; the paper does not say what it measures"}
        rows.append({"measure": "classification accuracy (the paper's)", **said})
    return pd.DataFrame(rows).astype({"seeds": "Int64"})
