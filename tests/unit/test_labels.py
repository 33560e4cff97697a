"""Pseudo labels, on arrays that can be checked by hand and against the published reference vectors."""

import json
import math

import numpy as np
import pytest

from wsss.class_maps import normalise
from wsss.label_io import VOC_PALETTE, read_gray, read_label, write_label
from wsss.nsrom.labels import (
    fuse_saliency,
    ignore_if_tiny,
    mask_nonsalient_region,
    mine_potential_objects,
    mining_threshold,
)


def row(*values, dtype=np.uint8):
    return np.array([values], dtype=dtype)


def maps(folder, files, eight_bit):
    """Read one map per class; the vectors count classes from 0, labels from 1."""
    images = {int(index) + 1: read_gray(folder / path) for index, path in files.items() if path}
    return images if eight_bit else {index: normalise(image) for index, image in images.items()}


# Fusion


def test_fusion_takes_the_strongest_score():
    # Background scores 1, 0.498, 0, 0; class 7 wins the third pixel, class 2 the fourth.
    saliency = row(0, 128, 255, 255)
    attention = {7: row(0, 0.6, 0.8, 0.4, dtype=float), 2: row(0, 0.2, 0.5, 0.7, dtype=float)}
    assert fuse_saliency(attention, saliency).tolist() == [[0, 7, 7, 2]]


def test_fusion_gives_ties_to_the_smaller_index_whatever_the_order():
    saliency = row(255)
    assert fuse_saliency({5: row(0.5, dtype=float), 3: row(0.5, dtype=float)}, saliency).tolist() == [[3]]


def test_fusion_drops_weak_scores():
    # 0.29 counts as 0; without a class the salient pixel is uncertain, the other is background.
    assert fuse_saliency({1: row(0.29, 0.29, dtype=float)}, row(255, 0)).tolist() == [[255, 0]]


def test_fusion_ignores_conflicts_background_included():
    # Two classes above 0.9; class and background above 0.9.
    attention = {1: row(0.95, 0.95, dtype=float), 2: row(0.92, 0.1, dtype=float)}
    assert fuse_saliency(attention, row(255, 10)).tolist() == [[255, 255]]


def test_fusion_ignores_uncertain_background():
    # Saliency 32 is uncertain, 31 is not; attention above 0.8 is, though the background is stronger.
    assert fuse_saliency({1: row(0, 0, 0.85, dtype=float)}, row(32, 31, 20)).tolist() == [[255, 0, 255]]


def test_fusion_without_attention_knows_only_background():
    assert fuse_saliency({}, row(0, 255)).tolist() == [[0, 255]]


def test_fusion_settings_act():
    attention = {1: row(0.5, dtype=float)}
    assert fuse_saliency(attention, row(200)).tolist() == [[1]]
    assert fuse_saliency(attention, row(200), foreground=0.6).tolist() == [[255]]
    assert fuse_saliency(attention, row(200), foreground=0.6, uncertain_saliency=201).tolist() == [[0]]
    attention[2] = row(0.6, dtype=float)
    assert fuse_saliency(attention, row(255), conflict=0.4).tolist() == [[255]]
    assert fuse_saliency(attention, row(255), conflict=0.5).tolist() == [[2]]


@pytest.mark.parametrize(
    ("attention", "saliency", "error", "words"),
    [
        ({1: np.zeros((2, 2))}, row(0), ValueError, "class 1"),
        ({0: row(0)}, row(0), ValueError, "class index 0"),
        ({255: row(0)}, row(0), ValueError, "class index 255"),
        ({1: row(0, dtype=np.int64)}, row(0), TypeError, "int64"),
        ({}, row(0, dtype=float), TypeError, "saliency"),
    ],
)
def test_fusion_refuses_bad_input(attention, saliency, error, words):
    with pytest.raises(error, match=words):
        fuse_saliency(attention, saliency)


# Mining


def test_threshold_is_the_median_inside_the_class():
    cam = row(0.2, 0.4, 0.9, 1.0, dtype=float)
    assert mining_threshold(cam, row(1, 1, 1, 0), 1) == 0.4
    assert mining_threshold(cam, row(1, 1, 0, 0), 1) == (0.2 + 0.4) / 2


def test_threshold_of_a_class_that_is_not_in_the_label():
    cam = row(0.1, 0.31, 0.32, 0.4, 0.5, 0.6, 0.7, 0.8, dtype=float)
    labels = np.zeros_like(cam, dtype=np.uint8)
    assert mining_threshold(cam, labels, 1) == 0.7
    assert mining_threshold(cam, labels, 1, rule="paper") == pytest.approx(0.65)
    assert mining_threshold(cam, labels, 1, background=0.55) == 0.8


def test_threshold_where_nothing_is_above():
    labels = row(0, 0, 0)
    assert mining_threshold(row(0, 0.3, 0.3, dtype=float), labels, 1) == 1
    assert math.isnan(mining_threshold(row(0, 1, 1, dtype=float), labels, 1))
    assert math.isnan(mining_threshold(row(0, 255, 255), labels, 1))


def test_threshold_where_the_cam_is_zero_inside_the_class():
    cam, labels = row(0, 0.4, 0.6, 1, dtype=float), row(1, 0, 0, 0)
    assert mining_threshold(cam, labels, 1) == 1  # {0.4, 0.6, 1}, above its median 0.6
    assert mining_threshold(cam, labels, 1, rule="paper") == 0


def test_threshold_refuses_an_unknown_rule():
    with pytest.raises(ValueError, match="median"):
        mining_threshold(row(0), row(0), 1, rule="median")


def test_mining_ignores_only_background_strictly_above():
    labels = row(1, 1, 2, 0, 0, 0)
    cam = row(0.4, 0.6, 1, 0.5, 0.51, 0.2, dtype=float)  # threshold 0.5
    before = labels.copy()
    assert mine_potential_objects(labels, {1: cam}).tolist() == [[1, 1, 2, 0, 255, 0]]
    assert np.array_equal(labels, before)
    assert mine_potential_objects(labels, {}).tolist() == labels.tolist()


def test_mining_with_nan_selects_nothing():
    assert mine_potential_objects(row(0, 0), {1: row(0, 1, dtype=float)}).tolist() == [[0, 0]]
    assert mine_potential_objects(row(0, 0), {1: row(0, 255)}).tolist() == [[0, 0]]


def test_eight_bit_maps_give_the_labels_of_their_normalised_form():
    random = np.random.default_rng(0)
    for _ in range(30):
        saliency, *images = random.integers(0, 256, (5, 40, 50), dtype=np.uint8)
        attention, cams = dict(zip((1, 4), images, strict=False)), dict(zip((4, 9), images[2:], strict=True))
        cams[9] = cams[9] // 60 + 3
        labels = fuse_saliency(attention, saliency)
        assert np.array_equal(labels, fuse_saliency({c: normalise(a) for c, a in attention.items()}, saliency))
        for rule in ("code", "paper"):
            mined = mine_potential_objects(labels, cams, rule=rule)
            expected = mine_potential_objects(labels, {c: normalise(a) for c, a in cams.items()}, rule=rule)
            assert np.array_equal(mined, expected)


@pytest.mark.parametrize("eight_bit", [True, False])
def test_labels_equal_published_ones(golden, eight_bit):
    folder = golden / "labels_pom"
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    assert cases
    for case in cases:
        attention, cams = maps(folder, case["att_iam"], eight_bit), maps(folder, case["att_cls"], eight_bit)
        initial = fuse_saliency(attention, read_gray(folder / case["saliency"]))
        assert np.array_equal(initial, read_gray(folder / case["label_initial"])), case["name"]
        for index, threshold in case["thresholds"].items():
            if threshold is not None:
                obtained = mining_threshold(cams[int(index) + 1], initial, int(index) + 1)
                assert np.array_equal(obtained, float(threshold), equal_nan=True), (case["name"], index)
        final = ignore_if_tiny(mine_potential_objects(initial, cams))
        assert np.array_equal(final, read_label(folder / case["label_final"])), case["name"]


# Masking


def test_masking_expands_and_ignores_what_is_far():
    prediction, labels, saliency = row(3, 0, 0, 0, 0, 0), row(0, 5, 255, 0, 0, 0), row(0, 0, 0, 0, 0, 1)
    masked = mask_nonsalient_region(prediction, labels, saliency, kernel=1)
    assert masked.tolist() == [[3, 5, 255, 255, 255, 0]]
    masked = mask_nonsalient_region(prediction, labels, saliency, kernel=3)
    assert masked.tolist() == [[3, 5, 0, 255, 0, 0]]
    unchanged = mask_nonsalient_region(prediction, labels, saliency, expand=False, mask=False)
    assert unchanged.tolist() == prediction.tolist()
    masked = mask_nonsalient_region(prediction, labels, saliency, kernel=1, expand=False)
    assert masked.tolist() == [[3, 255, 255, 255, 255, 0]]
    assert mask_nonsalient_region(prediction, labels, saliency, mask=False).tolist() == [[3, 5, 0, 0, 0, 0]]
    masked = mask_nonsalient_region(prediction, labels, saliency, kernel=1, saliency_threshold=1)
    assert masked.tolist() == [[3, 5, 255, 255, 255, 255]]


def test_masking_with_an_even_kernel_reaches_further_down_and_right():
    prediction = row(0, 0, 2, 0, 0)
    empty = np.zeros_like(prediction)
    assert mask_nonsalient_region(prediction, empty, empty, kernel=2).tolist() == [[255, 255, 2, 0, 255]]


def test_masking_refuses_other_sizes():
    with pytest.raises(ValueError, match="saliency is"):
        mask_nonsalient_region(row(0, 0), row(0, 0), row(0))


def test_masked_labels_equal_published_ones(golden):
    folder = golden / "labels_nsrm"
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    assert cases
    for case in cases:
        prediction, labels, saliency = (read_gray(folder / case[key]) for key in ("seg", "pseudo", "saliency"))
        for kernel, path in case["masked"].items():
            result = prediction
            if len(case["labels"]) > 1:
                result = mask_nonsalient_region(prediction, labels, saliency, kernel=int(kernel))
            assert np.array_equal(ignore_if_tiny(result), read_label(folder / path)), (case["name"], kernel)


def test_tiny_objects_make_the_label_ignored():
    labels = np.zeros((10, 10), dtype=np.uint8)
    labels[0, :5] = 255
    labels[1, 1] = 4
    assert np.array_equal(ignore_if_tiny(labels), labels)  # exactly 1 %
    assert (ignore_if_tiny(labels, minimum=0.011) == 255).all()
    labels[1, 1] = 0
    assert (ignore_if_tiny(labels) == 255).all()


# Files


def test_label_files_round_trip(tmp_path):
    label = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_label(tmp_path / "a.png", label)
    assert np.array_equal(read_label(tmp_path / "a.png"), label)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_palette_is_that_of_voc():
    assert VOC_PALETTE[[0, 1, 2, 15, 20, 255]].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [192, 128, 128],
        [0, 64, 128],
        [224, 224, 192],
    ]


def test_damaged_files_are_named(tmp_path):
    label = np.random.default_rng(0).integers(0, 21, (40, 50), dtype=np.uint8)
    write_label(tmp_path / "whole.png", label)
    content = (tmp_path / "whole.png").read_bytes()
    for length in range(0, len(content) - 40, 37):
        (tmp_path / "cut.png").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"cut\.png"):
            read_label(tmp_path / "cut.png")
    with pytest.raises(FileNotFoundError):
        read_label(tmp_path / "none.png")


def test_unwritable_labels_leave_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_label(tmp_path / "a.png", np.zeros((2, 2)))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError):
        write_label(tmp_path / "folder.png", np.zeros((2, 2), dtype=np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
