"""Augmentation: picture and label move together, colours stay in their range."""

import numpy as np
import pytest

from wsss.augment import jitter_colour, scale_and_crop, scale_crop_flip
from wsss.randomness import generator

FILL = (10.0, 20.0, 30.0)


def planted(size=97):
    """A grey picture with a red disc, off the centre, that the label marks as class 3."""
    y, x = np.mgrid[:size, :size]
    label = np.where((x - 60) ** 2 + (y - 40) ** 2 < 12**2, 3, 0).astype(np.uint8)
    picture = np.where(label[..., None] == 3, (200, 40, 40), (90, 90, 90)).astype(np.uint8)
    return picture, label


def centre(mask):
    return np.argwhere(mask).mean(0)


@pytest.mark.parametrize("scale", [(0.5, 0.75), (1.0, 1.0), (1.2, 1.6)])
def test_picture_and_label_move_together(scale):
    picture, label = planted()
    flips, compared = set(), 0
    for index in range(20):
        moved, marks = scale_crop_flip(picture, label, scale, FILL, generator("test", index))
        assert moved.shape == picture.shape and marks.shape == label.shape
        assert moved.dtype == marks.dtype == np.uint8
        assert set(np.unique(marks)) <= {0, 3, 255}
        disc = moved[..., 0] > 145
        if (marks == 3).sum() > 50:
            compared += 1
            overlap = (disc & (marks == 3)).sum() / (disc | (marks == 3)).sum()
            assert overlap > 0.9
            assert np.abs(centre(disc) - centre(marks == 3)).max() < 0.25
            flips.add(centre(marks == 3)[1] < 48)
    assert compared > 10
    if scale == (1.0, 1.0):
        assert flips == {True, False}


def test_unit_scale_is_the_picture_or_its_mirror_image():
    picture, label = planted()
    seen = set()
    for index in range(12):
        moved, marks = scale_crop_flip(picture, label, (1.0, 1.0), FILL, generator("test", index))
        flipped = marks[40, 60] != 3
        seen.add(flipped)
        step = -1 if flipped else 1
        assert np.array_equal(moved, picture[:, ::step]) and np.array_equal(marks, label[:, ::step])
    assert seen == {True, False}


def test_outside_is_filled_and_ignored():
    picture, label = planted()
    moved, marks = scale_crop_flip(picture, label, (0.5, 0.5), FILL, generator("test", 0))
    outside = marks == 255
    assert 0.7 < outside.mean() < 0.77
    # A seam of one pixel is interpolated.
    assert (moved[outside] == FILL).all(1).mean() > 0.95


def test_scale_is_drawn_from_the_range():
    picture, label = planted()
    sizes = []
    for index in range(60):
        _, marks = scale_crop_flip(picture, label, (0.5, 0.9), FILL, generator("test", index))
        sizes.append(np.sqrt((marks != 255).sum()) / 97)
    assert 0.49 < min(sizes) < 0.56 and 0.84 < max(sizes) < 0.92


def test_large_scale_shows_no_outside():
    picture, label = planted()
    for index in range(20):
        _, marks = scale_crop_flip(picture, label, (1.0, 1.5), FILL, generator("test", index))
        assert (marks != 255).all()


def test_augmentations_are_functions_of_the_key():
    picture, label = planted()
    for function in (
        lambda key: scale_crop_flip(picture, label, (0.75, 1.5), FILL, generator(*key))[0],
        lambda key: jitter_colour(picture, [0.3, 0.3, 0.3, 0.1], generator(*key)),
    ):
        assert np.array_equal(function(("a", 1)), function(("a", 1)))
        assert not np.array_equal(function(("a", 1)), function(("a", 2)))


def test_no_jitter_changes_nothing_and_the_input_is_kept():
    picture = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    before = picture.copy()
    assert np.array_equal(jitter_colour(picture, [0, 0, 0, 0], generator("test")), picture)
    jitter_colour(picture, [0.5, 0.5, 0.5, 0.2], generator("test"))
    assert np.array_equal(picture, before)


def test_brightness_stays_in_its_range_and_is_one_factor():
    picture = np.full((4, 4, 3), 100, np.uint8)
    values = [jitter_colour(picture, [0.3, 0, 0, 0], generator("test", i)) for i in range(200)]
    assert all((v == v[0, 0, 0]).all() for v in values)
    values = [int(v[0, 0, 0]) for v in values]
    assert 70 <= min(values) < 75 and 125 < max(values) <= 130


def test_contrast_keeps_the_mean_and_saturation_the_grey():
    picture = np.full((4, 4, 3), 80, np.uint8)
    picture[:2] = 120
    seen = set()
    for index in range(50):
        changed = jitter_colour(picture, [0, 0.5, 0, 0], generator("test", index)).astype(int)
        assert abs(changed.mean() - 100) <= 1
        spread = int(changed[0, 0, 0] - changed[3, 0, 0])
        assert 20 - 1 <= spread <= 60 + 1
        seen.add(spread)
        assert np.array_equal(jitter_colour(picture, [0, 0, 0.9, 0], generator("test", index)), picture)
    assert len(seen) > 10


def test_hue_turns_colours_and_leaves_grey():
    red, grey = np.full((4, 4, 3), (200, 20, 20), np.uint8), np.full((4, 4, 3), 90, np.uint8)
    turned = np.array([jitter_colour(red, [0, 0, 0, 0.5], generator("test", i))[0, 0] for i in range(60)], int)
    assert (turned.max(1) >= 198).all() and (turned.min(1) <= 22).all()  # value and saturation stay
    assert {0, 1, 2} == set(turned.argmax(1))  # red becomes green and blue as well
    slightly = np.array([jitter_colour(red, [0, 0, 0, 0.05], generator("test", i))[0, 0] for i in range(60)], int)
    assert (slightly.argmax(1) == 0).all() and slightly[:, 1:].max() <= 20 + 0.05 * 6 * 180 + 1
    assert np.array_equal(jitter_colour(grey, [0, 0, 0, 0.5], generator("test")), grey)


def test_bright_pictures_are_clipped_not_wrapped():
    picture = np.full((4, 4, 3), 250, np.uint8)
    values = [jitter_colour(picture, [0.5, 0.5, 0.5, 0.1], generator("test", i)).min() for i in range(50)]
    assert min(values) > 250 * 0.5 - 2 and max(values) == 255


def test_crops_keep_picture_and_label_together():
    """A picture that shows its label's value everywhere still does, and what was added is mean colour and 255."""
    label = np.repeat(np.arange(1, 61, dtype=np.uint8)[:, None], 50, axis=1)
    picture = np.repeat(label[..., None], 3, axis=2)
    padded = flipped = 0
    for index in range(40):
        rng = generator("crop", index)
        image, crop = scale_and_crop(picture, label, 65, (1.0, 1.0), [0.5, 1.0, 1.5], (200.4, 100.6, 50), rng)
        assert image.shape == (65, 65, 3) and crop.shape == (65, 65)
        outside = crop == 255
        assert (image[outside] == (200, 101, 50)).all()
        assert np.abs(image[~outside].astype(int) - crop[~outside][:, None]).max() <= 1
        padded += outside.any()
        flipped += bool(outside[0, 0])  # added at the right, so at the left after a flip
        rows = np.where((~outside).any(1))[0]
        assert rows[0] == 0 and (np.diff(rows) == 1).all()
    assert padded > 10 and 5 < flipped < 35


def test_a_scale_is_drawn_from_the_choices_or_the_range():
    label = np.zeros((40, 40), np.uint8)
    picture = np.zeros((40, 40, 3), np.uint8)
    sides = {"choices": set(), "range": set()}
    for index in range(60):
        for name, choices in (("choices", [0.5, 1.5]), ("range", [])):
            _, crop = scale_and_crop(picture, label, 70, (0.5, 1.5), choices, (9, 9, 9), generator(name, index))
            sides[name].add(int((crop == 0).any(1).sum()))
    assert sides["choices"] == {20, 60}
    assert len(sides["range"]) > 15 and min(sides["range"]) >= 20 and max(sides["range"]) <= 60


def test_a_picture_of_one_pixel_is_scaled_and_cropped():
    """A placeholder that got into the data: half of a pixel is a pixel."""
    for index in range(4):
        picture, label = np.full((1, 1, 3), 50, np.uint8), np.full((1, 1), 7, np.uint8)
        image, crop = scale_and_crop(picture, label, 5, (1, 1), [0.5], (9, 9, 9), generator("pixel", index))
        assert (crop != 255).sum() == 1 and crop[0].max() == 255 and (image[crop == 7] == 50).all()
