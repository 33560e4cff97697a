"""Boundaries of labels and their scores, on labels small enough to count by hand."""

import csv
import io
import math
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml

from wsss.boundaries import boundary, boundary_counts, boundary_scores, measure_boundaries
from wsss.comparison import boundary_table, read_published_boundaries
from wsss.data import DataError, Picture
from wsss.label_io import write_label
from wsss.pages import boundary_note, to_markdown
from wsss.progress import Progress
from wsss.quality import stage_quality

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"


def label(*rows: str) -> np.ndarray:
    """A label from digits; "." is 255."""
    return np.array([[255 if c == "." else int(c) for c in row] for row in rows], np.uint8)


def marked(*rows: str) -> np.ndarray:
    return np.array([[c == "x" for c in row] for row in rows])


def test_a_boundary_lies_on_both_sides_of_a_line():
    found = boundary(label("0000", "0110", "0110", "0000"))
    assert np.array_equal(found, marked(".xx.", "xxxx", "xxxx", ".xx."))


def test_two_classes_that_touch_have_a_boundary_between_them():
    """A Laplacian of the class numbers would cancel in the middle of 1, 2, 3."""
    assert np.array_equal(boundary(label("112233")), marked(".xxxx."))
    assert np.array_equal(boundary(label("123")), marked("xxx"))


def test_it_is_where_the_laplacian_of_some_class_is_not_zero():
    random = np.random.default_rng(0)
    some = cv2.resize(random.integers(0, 4, (6, 7)).astype(np.uint8), (30, 25), interpolation=cv2.INTER_NEAREST)
    regions = [(some == c).astype(np.int16) for c in range(4)]
    responses = [cv2.Laplacian(r, cv2.CV_16S, ksize=1, borderType=cv2.BORDER_REPLICATE) != 0 for r in regions]
    assert np.array_equal(boundary(some), np.logical_or.reduce(responses))


def test_the_boundary_runs_in_the_middle_of_an_ignored_band():
    assert np.array_equal(boundary(label("00....11")), marked("...xx..."))
    assert np.array_equal(boundary(label("00..00")), marked("......"))
    assert not boundary(label("....", "....")).any()


def test_counts_by_hand():
    """The true edge is between columns 3 and 4, the predicted one two to the right; the diagonal of 6×8 is 10."""
    target, guess = np.zeros((6, 8), np.uint8), np.zeros((6, 8), np.uint8)
    target[:, 4:], guess[:, 6:] = 1, 1
    assert boundary_counts(guess, target, tolerance=0.0).tolist() == [12, 0, 12, 0]
    assert boundary_counts(guess, target, tolerance=0.1).tolist() == [12, 6, 12, 6]  # 1 px: columns 5 and 4
    assert boundary_counts(guess, target, tolerance=0.19).tolist() == [12, 6, 12, 6]
    assert boundary_counts(guess, target, tolerance=0.2).tolist() == [12, 12, 12, 12]
    assert boundary_counts(target, target, tolerance=0.0).tolist() == [12, 12, 12, 12]


def test_distances_are_straight():
    """One pixel of class 1 in each, 3 right and 4 down of the other: 5 px apart, and so are their arms."""
    target, guess = np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8)
    target[10, 10], guess[14, 13] = 1, 1
    assert boundary_counts(guess, target, tolerance=5 / 50).tolist() == [5, 5, 5, 5]
    counts = boundary_counts(guess, target, tolerance=4.9 / 50)
    assert counts[0] == counts[2] == 5 and 0 < counts[1] == counts[3] < 5


def test_what_is_drawn_where_the_mask_says_nothing_is_no_mistake():
    target, guess = label("00000000", "00000000"), label("00000110", "00000110")
    assert boundary_counts(guess, target, tolerance=0).tolist() == [8, 0, 0, 0]
    assert boundary_counts(guess, label("0000....", "0000...."), tolerance=0).tolist() == [0, 0, 0, 0]
    found = boundary_counts(label("00000111"), label("000..111"), tolerance=1 / np.hypot(1, 8))
    assert found.tolist() == [2, 2, 2, 2]  # 4|5 predicted, 3|4 true


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="they must agree"):
        boundary_counts(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), tolerance=0.1)


def test_scores_by_hand():
    assert boundary_scores(np.array([8, 6, 10, 5])) == {"recall": 0.5, "precision": 0.75, "f1": 0.6}
    nothing_right = boundary_scores(np.array([4, 0, 6, 0]))
    assert nothing_right == {"recall": 0, "precision": 0, "f1": 0}
    nothing_drawn = boundary_scores(np.array([0, 0, 6, 0]))
    assert nothing_drawn["recall"] == nothing_drawn["f1"] == 0 and math.isnan(nothing_drawn["precision"])
    assert all(math.isnan(v) for v in boundary_scores(np.zeros(4, int)).values())


@pytest.mark.parametrize("processes", [1, 2])
def test_a_folder_of_labels_is_summed_over_pictures(tmp_path: Path, processes: int):
    pictures, masks = [], {}
    for name, true in (("a", label("0011", "0011")), ("b", label("0000", "0000"))):
        pictures.append(Picture(name, "train", 4, 2, (1,), tmp_path / f"{name}.jpg", None))
        masks[name] = tmp_path / "masks" / f"{name}.png"
        for folder, value in (("masks", true), ("exact", true), ("empty", np.full_like(true, 255))):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_label(tmp_path / folder / f"{name}.png", value)
    write_label(tmp_path / "empty" / "b.png", label("0111", "0111"))
    stages = {"exact": tmp_path / "exact", "mined": tmp_path / "empty"}
    progress = Progress("test", io.StringIO(), io.StringIO())
    run = {"tolerance": 0.0, "aligned": True, "processes": processes}
    measure_boundaries(pictures, masks, stages, tmp_path / "boundaries.csv", progress, **run)
    with open(tmp_path / "boundaries.csv", newline="") as stream:
        exact, mined = csv.DictReader(stream)
    assert [float(exact[k]) for k in ("recall", "precision", "f1")] == [1, 1, 1]
    counted = [int(mined[k]) for k in ("images", "predicted", "predicted_found", "true", "true_found")]
    assert counted == [2, 4, 0, 4, 0] and float(mined["f1"]) == 0


@pytest.mark.parametrize("measure", ["boundaries", "quality"])
def test_a_label_of_another_size_is_named(tmp_path: Path, measure: str):
    for folder, value in (("masks", label("0011", "0011")), ("mined", label("001", "001"))):
        (tmp_path / folder).mkdir()
        write_label(tmp_path / folder / "a.png", value)
    pictures = [Picture("a", "train", 4, 2, (1,), tmp_path / "a.jpg", None)]
    given = (pictures, {"a": tmp_path / "masks/a.png"}, {"mined": tmp_path / "mined"})
    rest = (tmp_path / "out.csv", Progress("test", io.StringIO(), io.StringIO()))
    with pytest.raises(DataError, match=r"mined/a\.png is 3×2 px but its picture is 4×2"):
        if measure == "boundaries":
            measure_boundaries(*given, *rest, tolerance=0.0, aligned=True)
        else:
            stage_quality(*given, 2, *rest, aligned=True)


# --- the table ----------------------------------------------------------------------------------------------------


@pytest.fixture
def measured(tmp_path: Path) -> list[Path]:
    """Two experiments, two seeds each."""
    files = []
    for number in range(4):
        row = {"stage": ["mined"], "images": [3], "recall": [0.1 * number], "precision": [0.5], "f1": [0.2 * number]}
        files.append(tmp_path / f"{number}.csv")
        pd.DataFrame(row).to_csv(files[-1], index=False)
    return files


def test_published_rows_come_first(measured: list[Path]):
    published = read_published_boundaries(PAPER / "smvwe_table2.csv")
    assert published.to_dict("split")["data"] == [
        ["CAM", 22.3, 35.8, 27.5, "paper"],
        ["SEAM", 40.2, 45.0, 42.5, "paper"],
        ["BES", 45.5, 46.4, 45.9, "paper"],
        ["Our SMVWE", 62.3, 76.5, 69.4, "paper's own"],
    ]
    table = boundary_table(published, {"x": "X", "y": "Y"}, [0, 1], measured)
    assert list(table["method"][-2:]) == ["X", "Y"] and list(table["from"][-2:]) == ["this run"] * 2
    assert list(table["stage"][-2:]) == ["pseudo label"] * 2
    assert table["f1"].tolist()[-2:] == pytest.approx([10, 50])
    assert table["f1_std"].tolist()[-2:] == pytest.approx([20 / math.sqrt(2)] * 2)
    text = to_markdown(table)
    assert "| CAM | – | 22.3 | 35.8 | 27.5 | – | paper |" in text
    assert "| X | pseudo label | 5.0 ± 7.1 | 50.0 ± 0.0 | 10.0 ± 14.1 | 2 | this run |" in text


def test_without_published_rows_ours_stand_alone(measured: list[Path]):
    table = boundary_table(None, {"x": "X", "y": "Y"}, [0, 1], measured)
    assert len(table) == 2 and "from" not in table and table["recall"].tolist() == pytest.approx([5, 25])


def test_which_mean_a_published_f1_is():
    """The table's note says so; ours is the harmonic mean."""
    rows = read_published_boundaries(PAPER / "smvwe_table2.csv").set_index("method")[["recall", "precision", "f1"]]
    harmonic = 2 * rows["recall"] * rows["precision"] / (rows["recall"] + rows["precision"])
    others = ["CAM", "SEAM", "BES"]
    assert harmonic[others].round(1).tolist() == rows.loc[others, "f1"].tolist()
    assert round(harmonic["Our SMVWE"], 1) == 68.7
    assert rows.loc["Our SMVWE", ["recall", "precision"]].mean() == pytest.approx(rows.loc["Our SMVWE", "f1"])
    note = yaml.safe_load((PAPER / "notes.yaml").read_text())["smvwe_table2"]
    assert (
        "CAM, SEAM and BES is the harmonic" in note and "69.4, of SMVWE, is the arithmetic" in note and "68.7" in note
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("27.5", "275", "'CAM' no score, or one"),
        (",62.3", ",-1", "no percentage"),
        ("SMVWE,yes", "SMVWE,no", "neither"),
    ],
)
def test_wrong_rows_are_refused(tmp_path: Path, old: str, new: str, words: str):
    text = (PAPER / "smvwe_table2.csv").read_text()
    assert old in text
    (tmp_path / "x.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=words):
        read_published_boundaries(tmp_path / "x.csv")


@pytest.mark.parametrize(("split", "pictures"), [("train", "training pictures"), ("val", "validation pictures")])
def test_the_note_says_what_counts_and_of_which_pictures(split: str, pictures: str):
    note = boundary_note(0.0075, split)
    assert "within 0.0075 of" in note and f"true masks of the {pictures}" in note
