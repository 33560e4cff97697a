"""The dense CRF."""

import cv2
import numpy as np
import pytest

from wsss.config import Config, science_leaves
from wsss.crf import dense_crf, refine, refine_present
from wsss.data import squash


def two_halves():
    """An image whose right half is bright, and probabilities with one wrong pixel in each half."""
    image = np.zeros((12, 16, 3), dtype=np.uint8)
    image[:, 8:] = 255
    foreground = np.full((12, 16), 0.2, dtype=np.float32)
    foreground[:, 8:] = 0.8
    foreground[5, 3], foreground[5, 12] = 0.7, 0.3
    return image, foreground


def test_crf_corrects_single_pixels():
    image, foreground = two_halves()
    refined = dense_crf(image, np.stack([1 - foreground, foreground]))
    assert refined.dtype == np.float32
    assert refined.shape == (2, 12, 16)
    np.testing.assert_allclose(refined.sum(axis=0), 1, atol=1e-5)
    assert np.array_equal(refined.argmax(axis=0), image[..., 0] // 255)


def test_crf_without_pairwise_terms_changes_nothing():
    image, foreground = two_halves()
    probabilities = np.stack([1 - foreground, foreground])
    refined = dense_crf(image, probabilities, positional_weight=0, bilateral_weight=0)
    np.testing.assert_allclose(refined, probabilities, atol=1e-5)


def test_present_classes_give_the_label_in_full_indices():
    image, foreground = two_halves()
    probabilities = np.zeros((21, 12, 16), dtype=np.float32)
    probabilities[0], probabilities[15] = 1 - foreground, foreground
    before = probabilities.copy()
    label = refine_present(image, probabilities)
    assert label.dtype == np.uint8
    assert np.array_equal(label, image[..., 0] // 255 * 15)
    assert np.array_equal(label, dense_crf(image, probabilities).argmax(axis=0))
    assert np.array_equal(probabilities, before)
    assert (refine_present(image, probabilities, minimum=0.9) == 0).all()


def test_crf_refuses_bad_input():
    image, foreground = two_halves()
    with pytest.raises(TypeError, match="uint8"):
        dense_crf(image.astype(float), foreground[None])
    with pytest.raises(ValueError, match="agree"):
        dense_crf(image, foreground[None, 1:])


def test_crf_equals_the_published_one(golden):
    files = sorted((golden / "crf").glob("*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        refined = dense_crf(data["image"], data["probs"].astype(np.float32))
        np.testing.assert_allclose(refined, data["refined"], rtol=0, atol=1e-5, err_msg=file.name)
        assert np.array_equal(refined.argmax(axis=0), data["argmax"]), file.name


def crf_settings(**changes) -> dict:
    return {k: v for k, v in science_leaves(Config()).items() if k.startswith("prediction.crf.")} | {
        f"prediction.crf.{k}": v for k, v in changes.items()
    }


def noisy(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of soft blobs, and probabilities that follow them with much noise."""
    rng = np.random.default_rng(0)
    blobs = cv2.resize(rng.random((5, 7), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grey = np.clip(127 + 90 * (blobs - 0.5) + rng.normal(0, 6, (height, width)), 0, 255)
    foreground = np.clip(blobs + rng.normal(0, 0.3, (height, width)), 0.01, 0.99).astype(np.float32)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2), np.stack([1 - foreground, foreground])


def test_widths_are_the_published_ones_unless_they_are_scaled():
    image, probabilities = noisy(75, 100)
    published = refine(image, probabilities, crf_settings())
    assert np.array_equal(published, dense_crf(image, probabilities).argmax(0))
    assert np.array_equal(published, refine(image, probabilities, crf_settings(reference_size=100)))
    assert not np.array_equal(published, refine(image, probabilities, crf_settings(reference_size=500)))


def test_scaled_widths_are_those_of_the_picture_along_both_axes():
    """Of 500 px, on 100 × 80 px: a fifth; squashed to 40 px: 2.5 times less along x, twice less along y."""
    image, probabilities = noisy(80, 100)
    expected = refine_present(image, probabilities, positional_std=0.2, bilateral_std=13.4)
    assert np.array_equal(expected, refine(image, probabilities, crf_settings(reference_size=500)))
    small = np.stack([cv2.resize(p, (40, 40)) for p in probabilities])
    widths = {"positional_std": (0.08, 0.1), "bilateral_std": (5.36, 6.7)}
    refined = dense_crf(squash(image, 40), small, **widths)
    expected = np.argmax([cv2.resize(p, (100, 80)) for p in refined], axis=0)
    assert np.array_equal(expected, refine(image, probabilities, crf_settings(reference_size=500, size=40)))


def test_scaled_widths_treat_a_picture_alike_at_any_size():
    image, probabilities = noisy(60, 80)
    large, finer = image.repeat(2, 0).repeat(2, 1), probabilities.repeat(2, 1).repeat(2, 2)
    differ = {}
    for reference in (None, 160):
        settings = crf_settings(reference_size=reference, positional_weight=0.0)
        small = refine(image, probabilities, settings)
        differ[reference] = (refine(large, finer, settings) != small.repeat(2, 0).repeat(2, 1)).mean()
    assert differ[160] < differ[None] / 2
