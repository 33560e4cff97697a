"""Scores a segmentation network against true masks."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wsss.artifacts import image_folder, is_done, kept_folder, read_manifest, written_aside
from wsss.crf import refine
from wsss.data import Picture
from wsss.label_io import read_label, write_label
from wsss.metrics import confusion_matrix, iou, mean_iou, pixel_accuracy
from wsss.parallel import map_stream
from wsss.parts import gather
from wsss.picture_counts import MODES, PictureCounts, gathered, read_counts, sparse, total, write_counts
from wsss.progress import Progress
from wsss.segmentation import predict_probabilities

COUNTS = "counts.npz"  # of a part's pictures


def evaluate(
    pictures: list[Picture],
    masks: dict[str, Path],
    class_names: list[str],
    settings: dict,
    *,
    metrics: Path,
    per_class: Path,
    counts: Path,
    progress: Progress,
    **prediction,
) -> None:
    """Scores predictions with and without CRF against ``masks``; writes metrics, per-class IoU, and the predictions.

    ``counts``: where the confusion of each picture goes (``wsss.picture_counts``), whose sum the scores are of.
    ``prediction``: the further arguments of ``compare``.
    """
    compared = compare(pictures, masks, len(class_names), settings, progress=progress, **prediction)
    sums = {name: total(getattr(compared, name), len(class_names)) for name in MODES}
    scores = {name: _scores_of(matrix, class_names) for name, matrix in sums.items()}
    write_counts(counts, compared)
    report = {"images": len(pictures), **scores}
    with written_aside(metrics) as aside:
        aside.write_text(json.dumps(report, indent=2) + "\n")
    with written_aside(per_class) as aside, open(aside, "w", newline="") as stream:
        rows = [(n, scores["raw"]["iou"][n], scores["crf"]["iou"][n]) for n in class_names]
        csv.writer(stream).writerows([("class", "iou", "iou_crf"), *rows])
    progress.say(f"mIoU {100 * scores['raw']['miou']:.1f} %, with CRF {100 * scores['crf']['miou']:.1f} %")


def evaluate_part(
    pictures: list[Picture],
    masks: dict[str, Path],
    class_names: list[str],
    settings: dict,
    *,
    manifest: Path,
    **prediction,
) -> None:
    """Writes the predictions on some of the pictures, and beside ``manifest`` how they compare, for ``compare``."""
    compared = compare(pictures, masks, len(class_names), settings, manifest=manifest, **prediction)
    write_counts(manifest.parent / COUNTS, compared)


def compare(
    pictures: list[Picture],
    masks: dict[str, Path],
    count: int,
    settings: dict,
    *,
    checkpoint: Path,
    folder: Path,
    manifest: Path,
    progress: Progress,
    workers: int = 1,
    parts: Sequence[Path] = (),
    key: str | None = None,
) -> PictureCounts:
    """Writes predictions and returns how they compare with ``masks``, picture by picture, without and with CRF.

    ``count``: classes, background included.  ``parts``: what ``evaluate_part`` has done, which is taken over.  ``key``:
    see ``image_folder``.
    """
    with image_folder(folder, manifest, key) as aside, _folder_of_raw_labels(folder, key) as raw:
        folders, taken = {"raw": Path(raw), "crf": aside}, gather(parts, aside)
        there = {image_id for part in taken for image_id in read_manifest(part / "manifest.csv")}
        left = [p for p in pictures if p.image_id not in there]
        done = lambda p: all(is_done(f, p.image_id) for f in folders.values())  # noqa: E731
        predicted = predict_probabilities(left, count, settings, checkpoint, progress, workers, done)
        for picture, labels in map_stream(partial(_both_labels, settings=settings), predicted, workers):
            for name, label in labels.items():
                write_label(folders[name] / f"{picture.image_id}.png", label)
        mine = {name: sparse(_confusions(f, progress(left, len(left)), masks, count)) for name, f in folders.items()}
        every = [PictureCounts(tuple(p.image_id for p in left), **mine), *(read_counts(p / COUNTS) for p in taken)]
    return gathered(every, [p.image_id for p in pictures])


def _folder_of_raw_labels(folder: Path, key: str | None) -> AbstractContextManager:
    """Where labels before CRF lie until all are there to be scored, the earlier run's among them."""
    return kept_folder(folder.with_name(f"{folder.name}_raw"), key) if key else TemporaryDirectory()


def _confusions(labels: Path, pictures: Iterable[Picture], masks: dict[str, Path], count: int) -> Iterator[np.ndarray]:
    for picture in pictures:
        label = read_label(labels / f"{picture.image_id}.png")
        yield confusion_matrix(label, read_label(masks[picture.image_id]), count)


def _both_labels(
    predicted: tuple[Picture, np.ndarray, np.ndarray], settings: dict
) -> tuple[Picture, dict[str, np.ndarray]]:
    picture, image, probabilities = predicted
    raw = probabilities.argmax(0).astype(np.uint8)
    return picture, {"raw": raw, "crf": refine(image, probabilities, settings)}


def _scores_of(confusion: np.ndarray, class_names: list[str]) -> dict:
    values = [None if np.isnan(v) else float(v) for v in iou(confusion)]
    return {
        "miou": mean_iou(confusion),
        "pixel_accuracy": pixel_accuracy(confusion),
        "iou": dict(zip(class_names, values, strict=True)),
    }
