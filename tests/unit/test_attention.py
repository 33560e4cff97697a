"""Attention maps: accumulation, export, normalisation."""

import numpy as np
import pytest
import torch

from wsss.class_maps import normalise, quantise, render_attention, resize_attention
from wsss.nsrom.attention import accumulate


def test_accumulation_keeps_the_maximum_and_rounds_half_to_even():
    first = accumulate(None, np.array([[-1.0, 1.0, 2.0]]), 0.5)
    assert first.dtype == np.uint8
    assert first.tolist() == [[0, 128, 255]]  # 127.5 -> 128
    second = accumulate(first, np.array([[0.3, 0.1, 1.0]]), 0.5)
    assert second.tolist() == [[76, 128, 255]]  # 76.5 -> 76
    assert first.tolist() == [[0, 128, 255]]


def test_accumulation_skips_improbable_classes():
    activation, accumulated = np.ones((1, 2)), np.array([[3, 4]], dtype=np.uint8)
    assert accumulate(None, activation, 0.09) is None
    assert accumulate(accumulated, activation, 0.09).tolist() == [[3, 4]]
    assert accumulate(accumulated, activation, 0.09, force=True).tolist() == [[3, 4]]
    assert accumulate(None, activation, 0.09, force=True).tolist() == [[255, 255]]
    assert accumulate(None, activation, 0.09, minimum_score=0).tolist() == [[255, 255]]


def test_accumulation_refuses_bad_input():
    with pytest.raises(ValueError, match="agree"):
        accumulate(np.zeros((1, 2), dtype=np.uint8), np.ones((1, 3)), 0.5)
    with pytest.raises(ValueError, match="NaN"):
        accumulate(None, np.array([[1.0, np.nan]]), 0.5)


def test_accumulated_maps_equal_published_ones(golden):
    files = sorted((golden / "classifier").glob("oaa_seq*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        for number, (image, label) in enumerate(data["pairs"]):
            accumulated = None
            for epoch in data["epochs"]:
                if epoch > 0:  # The first epoch only warms up.
                    last = epoch == data["training_epoch"] - 1
                    activation, score = data["maps"][epoch, image, label], data["probs"][epoch, image, label]
                    accumulated = accumulate(accumulated, activation, score, force=last)
                place = (file.name, number, epoch)
                assert (accumulated is not None) == data["exists"][epoch, number], place
                if accumulated is not None:
                    assert np.array_equal(accumulated, data["accumulated"][epoch, number]), place


def test_export_truncates():
    assert quantise(np.array([[-1.0, 1.0, 2.0]])).tolist() == [[0, 127, 255]]
    assert quantise(np.full((1, 2), -1.0)).tolist() == [[0, 0]]


def test_exported_maps_equal_published_ones(golden):
    files = sorted((golden / "classifier").glob("att_render_case*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        size = int(data["height"]), int(data["width"])
        for name in data:
            if name.startswith("attention/"):
                rendered = render_attention(data["logits"][0, int(name.split("/")[1])], size)
                assert np.array_equal(rendered, data[name]), (file.name, name)


@pytest.mark.parametrize(("source", "target"), [((7, 9), (50, 64)), ((47, 63), (375, 500)), ((9, 9), (5, 4))])
def test_aligned_resampling_is_that_of_torch(source, target):
    image = np.random.default_rng(0).integers(0, 256, source, dtype=np.uint8)
    resized = resize_attention(image, target, aligned=True)
    tensor = torch.from_numpy(image)[None, None].double()
    expected = torch.nn.functional.interpolate(tensor, target, mode="bicubic", align_corners=True)[0, 0].clamp(0, 255)
    assert np.abs(resized - expected.numpy()).max() < 0.501
    assert resized[[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == image[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()


def test_aligned_resampling_of_a_single_pixel():
    assert (resize_attention(np.full((1, 1), 9, dtype=np.uint8), (3, 4), aligned=True) == 9).all()
    assert resize_attention(np.full((4, 5), 9, dtype=np.uint8), (1, 1), aligned=True).tolist() == [[9]]


def test_normalisation_is_min_max_in_float64():
    image = np.array([[17, 67, 117]], dtype=np.uint8)
    assert normalise(image).dtype == np.float64
    assert np.array_equal(normalise(image), (image - image.min()) / (image.max() - image.min() + 1e-8))
    assert (normalise(np.full((2, 2), 200, dtype=np.uint8)) == 0).all()
    with pytest.raises(TypeError, match="float64"):
        normalise(np.zeros((2, 2)))
