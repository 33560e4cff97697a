"""Labels from maps, background scores, and what measures them, against cases small enough to check by hand."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from wsss.data import Picture
from wsss.label_scores import label_score_table
from wsss.map_io import write_maps
from wsss.metrics import confusion_matrix
from wsss.progress import Progress
from wsss.smvwe.background import background_table, score_confusions
from wsss.smvwe.labels import SCORES, bins_of, choose_score, saliency_agreement, strongest_map, word_label
from wsss.smvwe.stages import eight_bit

SETTINGS = {"cam.align_corners": True, "smvwe.background_score": 0.2}


def picture(tmp_path, image_id="a", classes=(3, 7), saliency=None) -> Picture:
    if saliency is not None:
        Image.fromarray(saliency).save(tmp_path / f"{image_id}_saliency.png")
    return Picture(image_id, "train", 3, 1, classes, tmp_path / "a.jpg", tmp_path / f"{image_id}_saliency.png")


def test_the_highest_map_wins_where_it_exceeds_the_score(tmp_path):
    shown = picture(tmp_path)
    write_maps(tmp_path / "a.png", np.array([[[255, 51, 0]], [[0, 50, 255]]], np.uint8))
    winner, value = strongest_map(shown, tmp_path, aligned=True)
    assert winner.tolist() == [[3, 3, 7]] and value[0].tolist() == pytest.approx([1, 0.2, 1])
    label = word_label(shown, maps=tmp_path, settings=SETTINGS)
    assert label.dtype == np.uint8 and label.tolist() == [[3, 0, 7]]  # 51/255 does not exceed .2
    assert word_label(shown, maps=tmp_path, settings=SETTINGS | {"smvwe.background_score": 0.19}).tolist() == [
        [3, 3, 7]
    ]
    (tmp_path / "score.json").write_text('{"score": 0.1}')
    assert word_label(shown, maps=tmp_path, settings={} | SETTINGS, chosen=tmp_path / "score.json").tolist() == [
        [3, 3, 7]
    ]


def test_maps_have_their_maximum_at_255_and_empty_ones_stay_empty():
    assert eight_bit(np.array([[0.0, 0.1, 0.4]])).tolist() == [[0, 64, 255]]
    assert eight_bit(np.zeros((1, 2))).tolist() == [[0, 0]]
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="diverged"):
            eight_bit(np.array([[wrong, 1.0]]))


def test_bins_count_the_scores_that_a_value_exceeds():
    values = np.random.default_rng(0).random(500)
    values[:3] = 0.0, 0.2, 1.0
    assert bins_of(values).tolist() == [(v > SCORES).sum() for v in values]
    levels = np.arange(256, dtype=np.float32) / 255  # 51 of them is .2, which does not exceed .2
    assert bins_of(levels).tolist() == [(v > SCORES.astype(np.float32)).sum() for v in levels]
    assert SCORES[bins_of(levels[51:52])] == 0.2


def test_agreement_equals_masks_compared_one_by_one():
    rng = np.random.default_rng(1)
    values, saliency = rng.random((9, 9)), rng.integers(0, 256, (9, 9)).astype(np.uint8)
    salient = saliency >= 128
    for score, found in zip(SCORES, saliency_agreement(values, saliency), strict=True):
        front = values > score
        both = [(a & b).sum() / (a | b).sum() for a, b in ((front, salient), (~front, ~salient))]
        assert found == pytest.approx(np.mean(both))
    assert saliency_agreement(values, np.zeros((9, 9), np.uint8)) is None
    assert saliency_agreement(values, np.full((9, 9), 255, np.uint8)) is None


def test_the_score_that_saliency_chooses_is_the_one_that_cuts_where_it_does(tmp_path):
    write_maps(tmp_path / "a.png", np.array([[[255, 140, 60]]], np.uint8))  # 1, .55, .24
    write_maps(tmp_path / "b.png", np.array([[[255, 60, 60]]], np.uint8))
    pictures = [
        picture(tmp_path, "a", (3,), np.array([[255, 255, 0]], np.uint8)),
        picture(tmp_path, "b", (3,), np.array([[0, 0, 0]], np.uint8)),  # says nothing, and does not count
    ]
    quiet = Progress("test", io.StringIO(), io.StringIO())
    score = choose_score(pictures, tmp_path, tmp_path / "s.json", tmp_path / "t.csv", quiet, aligned=True)
    assert score == 0.24  # the first of .24 … .54, all of which cut between the second and the third
    assert json.loads((tmp_path / "s.json").read_text()) == {"score": 0.24, "agreement": 1.0, "pictures": 1}
    assert len(pd.read_csv(tmp_path / "t.csv")) == len(SCORES)
    nothing = choose_score(pictures[1:], tmp_path, tmp_path / "s.json", tmp_path / "t.csv", quiet, aligned=True)
    assert nothing == 0.5


def test_confusions_of_all_scores_equal_those_of_each():
    rng = np.random.default_rng(2)
    winner, truth = rng.integers(1, 4, (2, 11, 11)).astype(np.uint8)
    truth[:3], truth[4] = 0, 255
    values = rng.random((11, 11))
    found = score_confusions(winner, values, truth, 4)
    for score, counts in zip(SCORES, found, strict=True):
        label = np.where(values > score, winner, 0).astype(np.uint8)
        np.testing.assert_array_equal(counts, confusion_matrix(label, truth, 4))


def test_the_table_of_scores_has_a_row_for_each_way_to_choose():
    quality = pd.DataFrame({"score": [0.1, 0.2, 0.3], "miou": [0.5, 0.6, 0.7], "agreement": [0.9, 0.3, 0.2]})
    other = quality.assign(miou=[0.5, 0.8, 0.7])
    table = background_table({("x", 0): quality, ("x", 1): other}, {"x": "X"}, {"x": 0.2})
    assert table["score"].tolist() == pytest.approx([20, 10, 25])
    assert table["miou"].tolist() == pytest.approx([70, 50, 75])
    assert table["seeds"].tolist() == [2, 2, 2] and "never used" in table["score from"][2]


def test_the_quality_of_the_labels_that_train_is_averaged_over_seeds(tmp_path):
    for seed, miou in enumerate((0.7, 0.9)):
        rows = f"cam,{0.1},0.1,0.1,1.0,0.2\nword_label,{miou},0.8,0.9,1.0,0.05\n"
        (tmp_path / f"{seed}.csv").write_text(f"stage,miou,precision,recall,coverage,missed_foreground\n{rows}")
    files = [tmp_path / "0.csv", tmp_path / "1.csv"]
    table = label_score_table({"x": "X", "y": "Y"}, ["word_label", "cam"], [0, 1], files * 2)
    row = table.iloc[0]
    assert (row["label"], row["label_miou"], row["recall"], row["seeds"]) == ("X", pytest.approx(80), 90.0, 2)
    assert row["label_miou_std"] == pytest.approx(2**0.5 * 10) and row["recall_std"] == 0
    # .1 − .7 and .1 − .9: differences are taken seed by seed.
    assert table["difference"].tolist() == pytest.approx([float("nan"), -70], nan_ok=True)
    assert table["difference_std"][1] == pytest.approx(2**0.5 * 10)
    with pytest.raises(ValueError, match="no row 'mined'"):
        label_score_table({"x": "X"}, ["mined"], [0, 1], files)
