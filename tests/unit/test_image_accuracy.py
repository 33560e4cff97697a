"""Accuracies of image-level predictions, on numbers small enough to count by hand, and of a real classifier."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from wsss.checkpoints import save_checkpoint
from wsss.config import load_config
from wsss.data import read_classes, read_images, read_picture, squash
from wsss.data_checks import check_images
from wsss.image_accuracy import MEASURES, accuracies, accuracy_table, average_precision, score_pictures
from wsss.image_classifier import build_classifier, identity
from wsss.openmoji import build
from wsss.progress import Progress
from wsss.variants import Plan

# Four pictures, three classes, of which nobody shows the last.
LABELS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], bool)
LOGITS = np.array([[2.0, -1.0, -3.0], [1.0, 0.5, -3.0], [0.5, -2.0, -3.0], [-1.0, 3.0, -2.0]])


def test_every_accuracy_is_what_counting_gives():
    """The third picture shows the second class and is called the first: two of twelve decisions are wrong."""
    found = accuracies(LOGITS, LABELS)
    assert list(found) == list(MEASURES)
    first = {"recall": 1, "rejected": 1 / 2, "precision": 2 / 3}
    second = {"recall": 2 / 3, "rejected": 1, "precision": 1}
    assert found["label_accuracy"] == pytest.approx(10 / 12)
    assert found["always_absent"] == pytest.approx(7 / 12)
    assert found["balanced_accuracy"] == pytest.approx(
        np.mean([(c["recall"] + c["rejected"]) / 2 for c in (first, second)])
    )
    assert found["recall"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["precision"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["f1"] == pytest.approx(np.mean([2 * c["recall"] * c["precision"] / (c["recall"] + c["precision"])
                                                 for c in (first, second)]))  # fmt: skip
    assert found["f1_overall"] == pytest.approx(2 * 4 / (5 + 5))
    # Class 1 is ranked right; class 2: pictures 4, 2, 1, 3, of which 4, 2 and 3 show it.
    assert found["map"] == pytest.approx((1 + (1 + 1 + 3 / 4) / 3) / 2)
    assert found["exact"] == pytest.approx(3 / 4)
    assert found["top_1"] == pytest.approx(3 / 4)


def test_a_classifier_that_says_nothing_is_still_mostly_right():
    """Why the accuracy of decisions says little where a picture shows few of many classes."""
    labels = np.eye(10, 80, dtype=bool)
    found = accuracies(np.full(labels.shape, -1.0), labels)
    assert found["label_accuracy"] == found["always_absent"] == pytest.approx(79 / 80)
    assert found["balanced_accuracy"] == 0.5
    assert found["recall"] == found["precision"] == found["f1"] == found["f1_overall"] == found["exact"] == 0


def test_perfect_scores_are_perfect_even_if_every_picture_shows_a_class():
    labels = np.array([[1, 0], [1, 1]], bool)
    found = accuracies(np.where(labels, 1.0, -1.0), labels)
    assert {v for k, v in found.items() if k != "always_absent"} == {1.0}


def test_equal_scores_have_no_order():
    """Two of four pictures are positive and all scores equal: precision is one half, whichever comes first."""
    for labels in ([1, 1, 0, 0], [0, 0, 1, 1]):
        assert average_precision(np.zeros(4), np.array(labels, bool)) == pytest.approx(0.5)
    assert average_precision(np.array([3.0, 2, 2, 1]), np.array([1, 0, 1, 0], bool)) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(average_precision(np.zeros(2), np.zeros(2, bool)))


def test_the_table_has_seeds_definitions_and_the_papers_number_without_a_verdict():
    runs = [pd.Series(accuracies(LOGITS, LABELS)), pd.Series(accuracies(-LOGITS, LABELS))]
    ours = accuracy_table({"default": runs}, None)
    assert list(ours) == ["measure", "percent", "percent_std", "seeds", "definition"]
    assert ours["seeds"].tolist() == [2] * len(MEASURES)
    exact = ours.set_index("measure").loc["exact match"]
    assert (exact["percent"], exact["percent_std"]) == pytest.approx((37.5, 75 / 2**0.5))
    beside = accuracy_table({"default": runs, "other": runs[:1]}, 80.4)
    assert beside["classifier"].iloc[:-1].tolist() == ["default"] * len(MEASURES) + ["other"] * len(MEASURES)
    assert beside["percent"].iloc[-1] == 80.4 and "does not say" in beside["definition"].iloc[-1]


def test_pictures_are_scored_in_their_order_and_without_a_mask(tmp_path: Path):
    build(tmp_path / "data", size=81, train=1, val=3)
    for mask in (tmp_path / "data/SegmentationClass").iterdir():
        mask.unlink()
    check_images(tmp_path / "data", tmp_path / "images.csv", ["train", "val"])
    classes = tmp_path / "data/classes.txt"
    pictures, names = read_images(tmp_path / "images.csv", classes, "val"), read_classes(classes)
    raw = {"classifier": {"image_size": 65, "batch_size": 2}, "experiments": {
        "g": {"label": "g", "set": {"method": "generic", "retraining.retrain_on": "none"}}}}  # fmt: skip
    plan = Plan(load_config(raw))
    settings = plan.variant("image_classifier", plan.settings("g")).relevant
    torch.manual_seed(0)
    network = build_classifier(settings, len(names) - 1).eval()
    save_checkpoint(tmp_path / "model.safetensors", network, identity(settings, len(names) - 1))
    quiet = Progress("test", io.StringIO(), io.StringIO())
    logits, labels = score_pictures(
        pictures, len(names) - 1, settings, tmp_path / "model.safetensors", progress=quiet, workers=2
    )
    assert logits.shape == labels.shape == (3, 20)
    for picture, row, shown in zip(pictures, logits, labels, strict=True):
        assert tuple(np.flatnonzero(shown) + 1) == picture.classes
        with torch.inference_mode():
            image = torch.from_numpy(squash(read_picture(picture.path), 65, aligned=True))[None]
            maps = network(network.backbone.normalise(image))
        np.testing.assert_allclose(row, maps.mean((2, 3))[0].numpy(), atol=1e-4)
