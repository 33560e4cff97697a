"""Scores from confusion matrices."""

import json
import math

import numpy as np
import pytest

from wsss.metrics import confusion_matrix, iou, label_confusion, label_quality, mean_iou, pixel_accuracy

TARGET = np.array([[0, 0, 1, 1, 255]], dtype=np.uint8)


def test_confusion_has_targets_in_rows():
    confusion = confusion_matrix(np.array([[0, 2, 1, 0, 255]], dtype=np.uint8), TARGET, 4)
    assert confusion.dtype == np.int64
    assert confusion.tolist() == [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    # Class 2 is predicted only, so its IoU is 0 but it stays out of the mean; class 3 is nowhere.
    np.testing.assert_array_equal(iou(confusion), [1 / 3, 1 / 2, 0, np.nan])
    assert mean_iou(confusion) == pytest.approx(5 / 12)
    assert pixel_accuracy(confusion) == 0.5


def test_empty_confusion_has_no_scores():
    empty = confusion_matrix(TARGET[:, 4:], TARGET[:, 4:], 2)
    assert empty.sum() == 0
    assert math.isnan(mean_iou(empty))
    assert math.isnan(pixel_accuracy(empty))


@pytest.mark.parametrize(
    ("prediction", "target", "words"),
    [([0, 0], [0], "agree"), ([0], [7], "target holds"), ([255], [0], "prediction holds"), ([-1], [0], "holds values")],
)
def test_confusion_refuses_values_out_of_range(prediction, target, words):
    with pytest.raises(ValueError, match=words):
        confusion_matrix(np.array(prediction), np.array(target), 3)


def test_label_quality_by_hand():
    target = np.array([[0, 0, 0, 0, 1, 1, 2, 2, 2, 255]], dtype=np.uint8)
    labels = np.array([[0, 0, 1, 255, 1, 0, 2, 1, 255, 2]], dtype=np.uint8)
    confusion = label_confusion(labels, target, 3)
    assert confusion.tolist() == [[2, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 1]]
    quality = label_quality(confusion)
    assert quality.miou == pytest.approx((2 / 4 + 1 / 4 + 1 / 2) / 3)
    assert quality.miou_ignored_wrong == pytest.approx((2 / 5 + 1 / 4 + 1 / 3) / 3)
    assert quality.precision == pytest.approx(2 / 4)
    assert quality.recall == pytest.approx(2 / 5)
    assert quality.coverage == pytest.approx(7 / 9)
    assert quality.missed_foreground == pytest.approx(1 / 3)


def test_label_quality_of_labels_that_are_all_ignored():
    quality = label_quality(label_confusion(np.full_like(TARGET, 255), TARGET, 2))
    assert (quality.miou_ignored_wrong, quality.recall, quality.coverage) == (0, 0, 0)
    assert math.isnan(quality.miou)
    assert math.isnan(quality.precision)


def test_label_quality_refuses_a_square_matrix():
    with pytest.raises(ValueError, match="C \\+ 1"):
        label_quality(np.zeros((3, 3), dtype=np.int64))


def test_scores_equal_published_ones(golden):
    data = np.load(golden / "deeplab" / "metric_inputs.npz")
    cases = json.loads((golden / "deeplab" / "metric_scores.json").read_text())["cases"]
    assert cases
    for number, case in enumerate(cases):
        confusion = sum(
            confusion_matrix(data[f"case{number}/pred_{pair}"], data[f"case{number}/true_{pair}"], case["n_class"])
            for pair in range(case["pairs"])
        )
        expected = case["scores"]
        classes = [math.nan if value is None else value for value in expected["Class IoU"].values()]
        np.testing.assert_allclose(iou(confusion), classes, rtol=0, atol=1e-12)
        assert mean_iou(confusion) == pytest.approx(expected["Mean IoU"], abs=1e-12)
        assert pixel_accuracy(confusion) == pytest.approx(expected["Pixel Accuracy"], abs=1e-12)
