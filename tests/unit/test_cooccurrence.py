"""Pairs that are seen together: ratios on labels small enough to count by hand."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small_folder import raw_png

from wsss.config import ConfigError, load_config
from wsss.cooccurrence import cooccurrence, measure_pairs, pair_counts, pair_scores
from wsss.data import DataError, Picture
from wsss.label_io import write_label
from wsss.label_scores import confusion_table
from wsss.openmoji import build
from wsss.plotting import draw_pairs, save_figure
from wsss.progress import Progress
from wsss.voc.classes import CLASSES

NAMES = ["background", "boat", "bird"]


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


def row(text: str) -> np.ndarray:
    return np.array([[255 if c == "." else int(c) for c in text]], np.uint8)


def test_counts_by_hand():
    """True: 3 boats, 3 birds, one unknown; labelled boat: 2 boats, 2 birds, 1 background, the unknown one."""
    target, label = row("111222000."), row("110112100" + "1")
    counts = pair_counts(label, target, 1, target == 2)
    assert counts.tolist() == [2, 5, 3, 2]
    assert pair_scores(counts) == {"confusion": 1.0, "iou": pytest.approx(2 / 6)}


def test_a_context_that_is_no_class_is_given_as_a_mask():
    target, label, water = row("11000000"), row("11110000"), row("01110000") > 0
    assert pair_counts(label, target, 1, water).tolist() == [2, 4, 2, 2]  # the boat itself is not water


def test_nothing_found():
    assert pair_scores(np.array([0, 4, 3, 2])) == {"confusion": math.inf, "iou": 0}
    empty = pair_scores(np.zeros(4, int))
    assert math.isnan(empty["confusion"]) and math.isnan(empty["iou"])


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="must agree in shape"):
        pair_counts(row("11"), row("11"), 1, row("111") > 0)


def test_how_often_two_are_seen_together():
    found = cooccurrence([1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0, 0])
    assert found == {"together": 2, "share": 0.5, "lift": pytest.approx(0.5 * 8 / 3)}
    never = cooccurrence([0, 0], [1, 0])
    assert never["together"] == 0 and math.isnan(never["share"])
    assert math.isnan(cooccurrence([1, 0], [0, 0])["lift"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures with true masks, labels, and water on the first."""
    for name in ("masks", "labels", "contexts/water"):
        (tmp_path / name).mkdir(parents=True)
    write_label(tmp_path / "masks/a.png", row("110022"))
    write_label(tmp_path / "labels/a.png", row("111012"))
    write_label(tmp_path / "masks/b.png", row("000022"))
    write_label(tmp_path / "labels/b.png", row("000022"))
    write_label(tmp_path / "contexts/water/a.png", row("001100"))
    return tmp_path


def pictures_of(folder: Path) -> list[Picture]:
    classes = {"a": (1, 2), "b": (2,)}
    return [Picture(i, "train", 6, 1, c, folder / f"{i}.jpg", None) for i, c in classes.items()]


def measured(folder: Path, *pairs: tuple[str, str], contexts: str | None = "contexts") -> list[dict[str, str]]:
    masks = {i: folder / f"masks/{i}.png" for i in "ab"}
    given = {"contexts": folder / contexts if contexts else None}
    arguments = (pictures_of(folder), masks, NAMES, pairs, folder / "labels", folder / "confusion.csv", quiet())
    measure_pairs(*arguments, **given)
    with open(folder / "confusion.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_pairs_are_measured_over_all_pictures(folder: Path):
    (row,) = measured(folder, ("boat", "bird"))
    assert (row["class"], row["context"], row["images"], row["together"]) == ("boat", "bird", "2", "1")
    assert float(row["share"]) == float(row["lift"]) == 1
    assert float(row["confusion"]) == 0.5 and float(row["iou"]) == 0.5


def test_only_pictures_with_a_context_mask_count(folder: Path):
    other, water = measured(folder, ("bird", "boat"), ("boat", "water"))
    assert (other["images"], water["images"]) == ("2", "1")
    assert float(other["confusion"]) == 0 and float(water["confusion"]) == 0.5


@pytest.mark.parametrize(
    ("mode", "pillow"),
    [("1", "1"), ("palette", "P"), ("L;2", "L"), ("L;8", "L"), ("I;16", "I;16")],
)
def test_a_context_mask_may_have_any_bits(folder: Path, mode: str, pillow: str):
    """Not 0 where the context is; 16 bits hold values whose lower byte is 0."""
    water, path = row("001100"), folder / "contexts/water/a.png"
    if mode == "1":
        Image.fromarray(water > 0).save(path)
    elif mode == "I;16":
        Image.fromarray(water.astype(np.uint16) * 256).save(path)
    elif mode == "palette":
        path.write_bytes(raw_png(water, 8, bytes(6)))  # both colours are black
    else:
        path.write_bytes(raw_png(water, int(mode[2:])))
    with Image.open(path) as image:
        assert image.mode == pillow
    (found,) = measured(folder, ("boat", "water"))
    assert float(found["confusion"]) == 0.5 and found["context_px"] == "1"


@pytest.mark.parametrize(("mode", "form"), [("RGB", "PNG"), ("LA", "PNG"), ("L", "JPEG")])
def test_a_context_mask_in_colours_or_smeared_is_refused(folder: Path, mode: str, form: str):
    Image.fromarray(row("001100")).convert(mode).save(folder / "contexts/water/a.png", format=form)
    with pytest.raises(ValueError, match=rf'water/a\.png is a {form} of mode "{mode}"; what is not 0'):
        measured(folder, ("boat", "water"))


@pytest.mark.parametrize(
    ("pair", "contexts", "words"),
    [
        (("ship", "bird"), "contexts", "no class 'ship'.*boat, bird"),
        (("boat", "water"), None, "'water'.*no other class.*folder of its masks"),
        (("boat", "boat"), None, "'boat'.*no other class"),
        (("boat", "rails"), "contexts", "rails holds no mask"),
    ],
)
def test_unknown_pairs_are_named(folder: Path, pair: tuple[str, str], contexts: str | None, words: str):
    with pytest.raises(DataError, match=words):
        measured(folder, pair, contexts=contexts)
    assert not (folder / "confusion.csv").exists()


def test_a_context_mask_of_another_size_is_named(folder: Path):
    write_label(folder / "contexts/water/a.png", row("00"))
    with pytest.raises(DataError, match=r"water/a\.png is 2×1 px but its picture is 6×1"):
        measured(folder, ("boat", "water"))


def test_the_configured_pairs_are_often_together_in_the_embedded_scenes(tmp_path: Path):
    """Lift above 2 and every fourth picture of the class, in scenes that are no training scenes of the data set."""
    build(tmp_path / "data", size=65, train=240, val=1, seed=1)
    with open(tmp_path / "data/labels.csv", newline="") as stream:
        shown = [set(r["classes"].split()) for r in csv.DictReader(stream) if r["split"] == "train"]
    for name, context in (("boat", "bird"), ("aeroplane", "bird"), ("cow", "sheep")):
        assert {name, context} <= set(CLASSES)
        found = cooccurrence([name in s for s in shown], [context in s for s in shown])
        assert found["lift"] > 2 and found["share"] > 0.25


# --- table and figure ---------------------------------------------------------------------------------------------


@pytest.fixture
def files(folder: Path) -> list[Path]:
    """Two experiments, two seeds; the second experiment finds no boat with its second seed."""
    rows = []
    for number, (confusion, iou) in enumerate([(0.1, 0.5), (0.3, 0.7), (0.2, 0.4), (math.nan, 0.0)]):
        known = {"class": ["boat"], "context": ["bird"], "images": [9], "together": [3], "share": [0.3], "lift": [2.5]}
        pd.DataFrame(known | {"confusion": [confusion], "iou": [iou]}).to_csv(folder / f"{number}.csv", index=False)
        rows.append(folder / f"{number}.csv")
    return rows


def test_means_over_seeds(files: list[Path]):
    table = confusion_table({"x": "X", "y": "Y"}, [0, 1], files).set_index("label")
    # The second experiment has no ratio with its second seed, so none over both.
    assert table["confusion"].tolist() == pytest.approx([0.2, math.nan], nan_ok=True)
    assert table["iou"].tolist() == pytest.approx([60, 20])
    assert table["confusion_std"].tolist() == pytest.approx([0.2 / math.sqrt(2), math.nan], nan_ok=True)
    assert table["share"].tolist() == [30, 30] and table["together"].tolist() == [3, 3]


def test_bars_are_as_high_as_the_numbers(files: list[Path], tmp_path: Path):
    table = confusion_table({"x": "X", "y": "Y"}, [0, 1], files)
    figure = draw_pairs(table, title="Pairs")
    left, right = figure.axes
    assert [bar.get_height() for bar in left.patches] == pytest.approx([0.2, math.nan], nan_ok=True)
    assert [bar.get_height() for bar in right.patches] == pytest.approx([60, 20])
    assert [t.get_text() for t in left.get_xticklabels()] == ["boat\n← bird"]
    save_figure(figure, tmp_path / "a.png")
    save_figure(draw_pairs(table, title="Pairs"), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("context", ["../masks", "a/b", ".", "", "a b", "{x}"])
def test_a_context_is_no_path(context: str):
    figure = {"title": "", "experiments": ["one"], "pairs": [["boat", context]]}
    with pytest.raises(ConfigError, match=r"confusion_figures\.f\.pairs"):
        load_config({"experiments": {"one": {"label": ""}}, "confusion_figures": {"f": figure}})


def test_full_supervision_has_no_pseudo_labels():
    figure = {"title": "", "experiments": ["full"], "pairs": [["boat", "bird"]]}
    raw = {"experiments": {"full": {"label": "bound", "set": {"segmentation.supervision": "full"}}}}
    assert load_config({**raw, "confusion_figures": {"f": figure | {"labels": "final"}}})
    with pytest.raises(ConfigError, match=r"confusion_figures\.f shows 'full', which has no pseudo labels"):
        load_config({**raw, "confusion_figures": {"f": figure}})


@pytest.mark.parametrize("measure", ["labels", "boundaries"])
def test_tables_of_labels_take_no_full_supervision(measure):
    raw = {"experiments": {"full": {"label": "bound", "set": {"segmentation.supervision": "full"}}}}
    table = {"title": "", "rows": ["full"], "measure": measure}
    with pytest.raises(ConfigError, match=r"tables\.t shows 'full', which has no pseudo labels"):
        load_config({**raw, "tables": {"t": table}})


def test_rows_of_one_label_are_refused():
    raw = {"experiments": {"one": {"label": "same"}, "two": {"label": "same"}}}
    with pytest.raises(ConfigError, match=r"tables\.t shows 'one' and 'two', both labelled 'same'"):
        load_config({**raw, "tables": {"t": {"title": "", "rows": ["one", "two"]}}})
    assert load_config({**raw, "tables": {"t": {"title": "", "rows": ["one", "one"]}}})


def test_only_scores_are_shown_by_class():
    table = {"title": "", "rows": ["one"], "measure": "boundaries", "per_class": True}
    with pytest.raises(ConfigError, match=r"tables\.t has per_class, but measure is boundaries"):
        load_config({"experiments": {"one": {"label": ""}}, "tables": {"t": table}})


def test_a_pair_of_unknown_classes_is_refused_before_anything_runs():
    figure = {"title": "", "experiments": ["one"], "pairs": [["boat", "brid"]]}
    raw = {"experiments": {"one": {"label": ""}}, "confusion_figures": {"f": figure}}
    with pytest.raises(ConfigError, match=r"no class 'brid' \(did you mean 'bird'\?\)"):
        load_config(raw)
    figure["contexts"] = "contexts"  # then it may be a folder there
    assert load_config(raw)
    figure["pairs"] = [["baot", "water"]]
    with pytest.raises(ConfigError, match="no class 'baot'"):
        load_config(raw)
    assert load_config(raw | {"dataset": {"name": "mine", "path": "pictures"}})  # whose classes are read later
