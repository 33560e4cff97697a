"""Scores a segmentation network against true masks, and says under which conditions."""

import csv
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from wsss.artifacts import image_folder, written_aside
from wsss.data import Picture
from wsss.label_io import read_label, write_label
from wsss.metrics import confusion_matrix, iou, mean_iou, pixel_accuracy
from wsss.parallel import map_stream
from wsss.parts import gather, not_in
from wsss.progress import Progress
from wsss.segmentation import predict_probabilities, refine

COMPARED = "confusion.json"  # a part's confusion matrices


def evaluate(
    pictures: list[Picture],
    masks: dict[str, Path],
    class_names: list[str],
    settings: dict,
    *,
    metrics: Path,
    per_class: Path,
    progress: Progress,
    **prediction,
) -> None:
    """Scores predictions with and without CRF against ``masks``; writes metrics, per-class IoU, and the predictions.

    ``prediction``: the further arguments of ``compare``.
    """
    sums = compare(pictures, masks, len(class_names), settings, progress=progress, **prediction)
    scores = {name: _scores_of(matrix, class_names) for name, matrix in sums.items()}
    report = {"images": len(pictures), **scores, "conditions": conditions_of(settings)}
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
    sums = compare(pictures, masks, len(class_names), settings, manifest=manifest, **prediction)
    (manifest.parent / COMPARED).write_text(json.dumps({name: matrix.tolist() for name, matrix in sums.items()}))


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
) -> dict[str, np.ndarray]:
    """Writes predictions and returns their confusion matrices, (C, C) int64, without ("raw") and with CRF ("crf").

    ``count``: classes, background included.  ``parts``: what ``evaluate_part`` has done, which is taken over.
    """
    sums = {name: np.zeros((count, count), np.int64) for name in ("raw", "crf")}
    with image_folder(folder, manifest) as aside:
        for part in gather(parts, aside):
            for name, matrix in json.loads((part / COMPARED).read_text()).items():
                sums[name] += np.array(matrix)
        missing = not_in(aside, pictures, progress)
        predicted = predict_probabilities(missing, count, settings, checkpoint, progress, workers)
        for picture, labels in map_stream(partial(_both_labels, settings=settings), predicted, workers):
            truth = read_label(masks[picture.image_id])
            for name, label in labels.items():
                sums[name] += confusion_matrix(label, truth, count)
            write_label(aside / f"{picture.image_id}.png", labels["crf"])
    return sums


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


INITS = {"imagenet": "ImageNet", "coco": "MS-COCO"}


def conditions_of(settings: dict) -> dict:
    """Under which conditions a score was obtained, for tables to say."""
    keys = [k for k in settings if k.startswith("prediction.") and "crf" not in k]
    conditions = {k.removeprefix("prediction."): settings[k] for k in keys}
    conditions["crf"] = f"with and without ({settings['prediction.crf.iterations']} iterations)"
    conditions["backbone"] = settings["segmentation.backbone"]
    if settings["segmentation.supervision"] == "checkpoint":
        return conditions | {"init": settings["segmentation.checkpoint"]}
    conditions["init"] = INITS[settings["segmentation.init"]]
    # Where paper and published code differ in a formula, a setting that ends in `rule` says which it is.
    rules = {v for k, v in settings.items() if k.endswith("rule")}
    if rules:
        conditions["rules"] = rules.pop() if len(rules) == 1 else "code and paper"
    return conditions
