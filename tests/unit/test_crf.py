"""The dense CRF."""

import numpy as np
import pytest

from wsss.crf import dense_crf, refine_present


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
