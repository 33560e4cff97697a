"""Mask estimation: the three cases, the CRF of pictures with one class, and pictures whose class never fires."""

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from wsss.config import load_config
from wsss.data import Picture
from wsss.generic.masks import decide, estimated_mask, full_size, object_probability, silent_pictures
from wsss.label_io import write_label
from wsss.progress import Progress
from wsss.variants import Plan

SIZE = 65


def settings_of(**changes) -> dict:
    raw = {"experiments": {"g": {"label": "g", "set": {"method": "generic", "retraining.retrain_on": "none"}}}}
    plan = Plan(load_config(raw))
    return plan.variant("estimated_masks", plan.settings("g", **changes)).relevant


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


def picture_with(folder: Path, classes: tuple[int, ...], maps: np.ndarray, image: np.ndarray | None = None) -> Picture:
    """A picture in ``folder`` and its projections in ``folder/projections``."""
    (folder / "projections").mkdir(exist_ok=True)
    np.save(folder / "projections" / "a.npy", maps.astype(np.float32))
    path = folder / "a.jpg"
    cv2.imwrite(str(path), np.full((SIZE, SIZE, 3), 128, np.uint8) if image is None else image)
    return Picture("a", "train", SIZE, SIZE, classes, path, None)


def test_none_one_and_several_positive():
    q = np.array([[[-1, 1, -1, 1, 0]], [[-2, -1, 3, 0.1, 0]]])
    assert decide(q, (4, 9)).tolist() == [[0, 4, 9, 255, 0]]
    assert decide(q[:1], (4,)).tolist() == [[0, 4, 0, 4, 0]]


def test_projections_are_upsampled_before_the_decision():
    """Between cells of -1 and 3 the boundary is a quarter of the way, not in the middle."""
    q = full_size(np.array([[[-1.0, 3.0]]], np.float32), (1, 9), aligned=True)
    assert decide(q, (2,)).tolist() == [[0, 0, 0, 2, 2, 2, 2, 2, 2]]
    np.testing.assert_allclose(q[0, 0], np.linspace(-1, 3, 9), atol=1e-6)


def test_pictures_of_several_classes_have_no_crf(tmp_path):
    q = np.full((2, 5, 5), -1.0)
    q[0, :3], q[1, 2:] = 1, 1
    picture = picture_with(tmp_path, (3, 8), q)
    label = estimated_mask(picture, projections=tmp_path / "projections", settings=settings_of())
    plain = decide(full_size(q.astype(np.float32), (SIZE, SIZE), aligned=True), (3, 8))
    np.testing.assert_array_equal(label, plain)
    assert set(np.unique(label)) == {3, 8, 255}


def test_the_crf_moves_the_mask_of_one_class_to_the_edge(tmp_path):
    """The projection is 6 px off the edge of a red square; the CRF finds the edge."""
    image = np.full((SIZE, SIZE, 3), 230, np.uint8)
    image[16:48, 16:48] = (30, 30, 200)
    truth = np.zeros((SIZE, SIZE), np.uint8)
    truth[16:48, 16:48] = 5
    q = np.full((1, SIZE, SIZE), -2.0)
    q[0, 22:54, 16:48] = 2
    picture = picture_with(tmp_path, (5,), q, image)
    wrong = {}
    for crf in (True, False):
        label = estimated_mask(
            picture, projections=tmp_path / "projections", settings=settings_of(**{"generic.crf": crf})
        )
        assert set(np.unique(label)) <= {0, 5}
        wrong[crf] = (label != truth).mean()
    assert wrong[True] < 0.25 * wrong[False]


def test_probabilities_are_those_of_the_projection():
    p = object_probability(np.array([[0.0, 100.0, -100.0]]))
    np.testing.assert_allclose(p, [[[0.5, 0, 1]], [[0.5, 1, 0]]], atol=1e-6)


@pytest.mark.parametrize("crf", [True, False])
def test_a_class_that_never_fires_trains_nothing_or_is_background(tmp_path, crf):
    picture = picture_with(tmp_path, (5,), np.full((1, 5, 5), -3.0))
    labels = {
        silent: estimated_mask(
            picture,
            projections=tmp_path / "projections",
            settings=settings_of(**{"generic.silent": silent, "generic.crf": crf}),
        )
        for silent in ("ignore", "background")
    }
    assert (labels["ignore"] == 255).all() and (labels["background"] == 0).all()


def test_pictures_without_a_pixel_of_a_class_are_listed(tmp_path):
    shown = {"a": (1,), "b": (1, 2), "c": (2,)}
    for name, values in {"a": (0, 255), "b": (0, 2), "c": (0, 2)}.items():
        write_label(tmp_path / f"{name}.png", np.array([values], np.uint8))
    pictures = [Picture(n, "train", 2, 1, classes, tmp_path, None) for n, classes in shown.items()]
    count = silent_pictures(pictures, tmp_path, ["background", "cat", "dog"], tmp_path / "silent.csv", quiet())
    with open(tmp_path / "silent.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert count == 1
    assert [(r["image_id"], r["class"], r["kind"]) for r in rows] == [("a", "cat", "simple"), ("b", "cat", "complex")]
