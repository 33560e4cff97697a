"""Curves and picture grids: what is drawn, that nothing overlaps, and that equal input gives equal files."""

from itertools import combinations
from pathlib import Path

import cv2
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from wsss.chosen_pictures import choose_pictures
from wsss.data import Picture
from wsss.generic.figures import KINDS, draw_clouds, draw_variance
from wsss.label_io import VOC_PALETTE, write_label
from wsss.map_io import write_maps
from wsss.nsrom.evolution import evolution_rows
from wsss.pictures import (
    IGNORED_COLOUR,
    Row,
    draw_grid,
    paint_heat,
    paint_label,
    qualitative_rows,
)
from wsss.plotting import draw_sweep, save_figure

matplotlib.use("Agg")
CLASSES = ["background", "cat", "dog"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def points(values: list, spread: float) -> pd.DataFrame:
    mean = [60.0 + i for i in range(len(values))]
    columns = {"miou": mean, "miou_std": spread, "miou_without_crf": mean, "miou_without_crf_std": spread}
    return pd.DataFrame({"value": [str(v) for v in values], "seeds": 1 if np.isnan(spread) else 3, **columns})


def texts_overlap(figure) -> list[tuple[str, str]]:
    """Pairs of texts of a drawn figure whose boxes intersect."""
    figure.canvas.draw()
    drawn = [t for t in figure.findobj(matplotlib.text.Text) if t.get_visible() and t.get_text().strip()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in drawn]
    return [(a, b) for (a, p), (b, q) in combinations(boxes, 2) if p.overlaps(q) and not np.allclose(p, q)]


def outside(figure) -> list[str]:
    """Texts that leave the canvas."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    found = []
    for text in figure.findobj(matplotlib.text.Text):
        box = text.get_window_extent()
        if text.get_text().strip() and (box.x0 < 0 or box.y0 < 0 or box.x1 > width + 1 or box.y1 > height + 1):
            found.append(text.get_text())
    return found


# --- curves -------------------------------------------------------------------------------------------------------


def test_a_curve_shows_both_series_their_spread_and_the_default():
    figure = draw_sweep(points([1, 5, 10], 0.5), title="T", axis="r (px)", default="5")
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.lines] == ["with CRF", "without CRF", "default"]
    assert axes.lines[0].get_xdata().tolist() == [1, 5, 10]  # to scale
    assert axes.lines[2].get_xdata()[0] == 5
    assert len(axes.collections) == 2
    assert axes.get_xlabel() == "r (px)"


def test_the_papers_points_and_range_are_shown():
    table = points([1, 5, 10], 0.5).assign(paper=[float("nan"), 70.4, 68.5])
    axes = draw_sweep(table, title="T", axis="r", published_best=(5, 30)).axes[0]
    drawn = {line.get_label(): line for line in axes.lines}
    assert drawn["paper"].get_linestyle() == "None"
    assert drawn["paper"].get_ydata().tolist() == pytest.approx([float("nan"), 70.4, 68.5], nan_ok=True)
    (shaded,) = [p for p in axes.patches if p.get_label() == "best in the paper"]
    assert (shaded.get_x(), shaded.get_x() + shaded.get_width()) == (5, 30)


def test_a_range_needs_numbers():
    axes = draw_sweep(points(["code", "paper"], 0.1), title="T", axis="rule", published_best=(5, 30)).axes[0]
    assert not axes.patches


def test_one_seed_has_no_band():
    axes = draw_sweep(points([1, 5], float("nan")), title="T", axis="r").axes[0]
    assert len(axes.collections) == 0
    assert any("mean over 1 seed" in t.get_text() and "band" not in t.get_text() for t in axes.texts)


def test_values_that_are_not_numbers_are_evenly_spaced():
    axes = draw_sweep(points(["code", "paper"], 0.1), title="T", axis="rule").axes[0]
    assert axes.lines[0].get_xdata().tolist() == [0, 1]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["code", "paper"]


def test_unsorted_values_are_drawn_in_order():
    axes = draw_sweep(points([10, 1, 5], 0.1), title="T", axis="r").axes[0]
    assert axes.lines[0].get_xdata().tolist() == [1, 5, 10]
    assert axes.lines[0].get_ydata().tolist() == [61, 62, 60]


@pytest.mark.parametrize("values", [[1, 2, 3, 100], [32], [16, 32, 64, 96, 128], [2, 5, 10, 20, 30, 40, 50]])
def test_no_text_of_a_curve_overlaps_or_is_cut(values: list):
    title = "NSROM, Figure 7: nodes of the global reasoning unit"
    figure = draw_sweep(points(values, 0.5), title=title, axis="number of nodes N", default=str(values[0]))
    assert texts_overlap(figure) == []
    assert outside(figure) == []


def test_no_text_overlaps_where_the_papers_numbers_are_shown():
    table = points([2, 5, 10, 20, 30, 40, 50], 0.5).assign(paper=70.4)
    figure = draw_sweep(table, title="NSROM, Figure 6", axis="kernel size r (px)", default="30", published_best=(5, 30))
    assert texts_overlap(figure) == []
    assert outside(figure) == []


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("classes", [["dog"], ["pottedplant", "tvmonitor"]])
def test_no_text_of_features_overlaps_or_is_cut(blocks: int, classes: list[str]):
    names = [f"generic features, C4{i}" for i in range(blocks)]
    rng = np.random.default_rng(0)
    each = [(b, c, k, *rng.normal(scale=3, size=2)) for b in names for c in classes for k in KINDS for _ in range(20)]
    points = pd.DataFrame(each, columns=["block", "class", "kind", "x", "y"])
    each = [(b, c, i, 30 / i, "over 10" if i == 1 else None) for b in names for c in classes for i in range(1, 51)]
    table = pd.DataFrame(each, columns=["block", "class", "component", "percent", "paper"])
    for figure in (
        draw_clouds(points, title="Generic features, Figure 1 (e–g): descriptors of objects and background"),
        draw_variance(table, title="Generic features, Figure 3: variance explained by the first components"),
    ):
        for axes in figure.axes:
            axes.tick_params(labelbottom=False, labelleft=False)  # some are beyond the axes, and not drawn
        assert texts_overlap(figure) == []
        assert outside(figure) == []


# --- painting -----------------------------------------------------------------------------------------------------


def test_labels_have_vocs_colours_and_255_is_light():
    painted = paint_label(np.array([[0, 1, 255]], np.uint8))
    assert painted.dtype == np.uint8
    assert painted[0].tolist() == [[0, 0, 0], VOC_PALETTE[1].tolist(), list(IGNORED_COLOUR)]


def test_heat_goes_from_blue_to_red_and_keeps_the_picture_visible():
    picture = np.zeros((1, 3, 3), np.uint8)
    picture[0, 2] = 255
    painted = paint_heat(picture, np.array([[0.1, 0.9, 0.9]]))
    assert painted[0, 0, 2] > painted[0, 0, 0] and painted[0, 1, 0] > painted[0, 1, 2]
    assert (painted[0, 2].astype(int) > painted[0, 1]).all()


# --- grids --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dataset(tmp_path: Path) -> tuple[list[Picture], dict[str, Path]]:
    """Two pictures of unlike shape; the first has two classes and a saliency map."""
    pictures, masks = [], {}
    for name, (height, width), classes in (("a_1", (20, 30), (1, 2)), ("b_2", (30, 20), (2,))):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes())
        masks[name] = tmp_path / f"{name}_mask.png"
        write_label(masks[name], np.full((height, width), classes[0], np.uint8))
        saliency = tmp_path / f"{name}_saliency.png" if name == "a_1" else None
        if saliency:
            Image.fromarray(np.full((height, width), 200, np.uint8)).save(saliency)
        pictures.append(Picture(name, "train", width, height, classes, path, saliency))
    return pictures, masks


def folder_of_labels(folder: Path, pictures: list[Picture], value: int) -> Path:
    folder.mkdir()
    for p in pictures:
        write_label(folder / f"{p.image_id}.png", np.full((p.height, p.width), value, np.uint8))
    return folder


def test_pictures_of_several_classes_come_first_and_the_seed_decides():
    def picture(number: int) -> Picture:
        return Picture(f"p{number:02d}", "val", 9, 9, (1,) if number % 2 else (1, 2), Path("x"), None)

    pictures = [picture(n) for n in range(40)]
    chosen = choose_pictures(pictures, 6, seed=0)
    assert len(chosen) == 6 and all(len(p.classes) == 2 for p in chosen)
    assert chosen == choose_pictures(pictures, 6, seed=0) != choose_pictures(pictures, 6, seed=1)
    assert sum(len(p.classes) == 1 for p in choose_pictures(pictures, 25, seed=0)) == 5
    assert sorted(choose_pictures(pictures, 99, seed=0), key=lambda p: p.image_id) == pictures
    mixed = choose_pictures(pictures, 9, seed=0, simple=4)
    assert [len(p.classes) for p in mixed] == [1] * 4 + [2] * 5
    assert set(mixed[4:]) < set(choose_pictures(pictures, 20, seed=0))
    assert [len(p.classes) for p in choose_pictures(pictures[::2][:3] + pictures[1::2][:3], 5, 0, simple=4)] == [
        1,
        1,
        1,
        2,
        2,
    ]
    assert [len(p.classes) for p in choose_pictures(pictures, 2, seed=0, simple=4)] == [1, 1]
    assert [p.image_id for p in choose_pictures(pictures, 1, 0, ["p07", "p02"])] == ["p07", "p02"]
    with pytest.raises(ValueError, match="names 'p99', which is not in its split"):
        choose_pictures(pictures, 1, 0, ["p99"])


def test_predictions_stand_beside_picture_and_truth(dataset, tmp_path: Path):
    pictures, masks = dataset
    rows = qualitative_rows(pictures, masks, [folder_of_labels(tmp_path / "one", pictures, 255)])
    assert [r.title for r in rows] == ["a_1", "b_2"]
    assert [c.shape for c in rows[0].cells] == [(20, 30, 3)] * 3
    assert rows[0].values == {1, 255}
    assert (rows[0].cells[2] == IGNORED_COLOUR).all()


def test_evolution_shows_the_stages_there_are(dataset, tmp_path: Path):
    pictures, masks = dataset
    maps = tmp_path / "maps"
    maps.mkdir()
    for p in pictures:
        write_maps(maps / f"{p.image_id}.png", np.arange(len(p.classes) * 16, dtype=np.uint8).reshape(-1, 4, 4))
    stages = {"final": folder_of_labels(tmp_path / "final", pictures, 1), "cam": maps}
    stages["masked"] = folder_of_labels(tmp_path / "masked", pictures, 0)
    columns, rows = evolution_rows(pictures, masks, stages, aligned=True)
    assert columns == ["picture", "truth", "saliency", "CAM", "masked label\n(NSRM)", "final\nprediction"]
    assert (rows[1].cells[1] == VOC_PALETTE[2]).all() and (rows[1].cells[5] == VOC_PALETTE[1]).all()
    assert rows[0].cells[3].shape == (20, 30, 3)
    assert rows[1].cells[2] is None  # no saliency map
    assert rows[1].values == {0, 1, 2}


@pytest.mark.parametrize("columns", [3, 9])
@pytest.mark.parametrize("classes", [3, 21, 81])
def test_a_grid_names_what_occurs_and_no_text_overlaps(columns: int, classes: int):
    names = ["background", *(f"class_{i}" for i in range(1, classes))]
    shapes = [(161, 161), (375, 500), (500, 334), (120, 500)]
    rows = [
        Row(
            f"2007_00{n:04d}" + "\nbottle, diningtable,\nperson, pottedplant" * (n % 2),
            [np.zeros((*s, 3), np.uint8)] * (columns - 1) + [None],
            frozenset({*range(classes), 255}),
        )
        for n, s in enumerate(shapes)
    ]
    title = "NSROM, Figure 5: evolution of the labels on training pictures"
    headings = [f"column\nnumber {i}" for i in range(1, columns)] + ["generic features, C41 + retrain"]
    figure = draw_grid(headings, rows, names, title=title)
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [*names, "ignored (255)"]
    assert texts_overlap(figure) == []
    assert outside(figure) == []
    lowest = min(axes.get_window_extent().y0 for axes in figure.axes)
    assert figure.legends[0].get_window_extent().y1 < lowest


def test_dollars_in_names_are_no_formula(tmp_path: Path):
    label = np.ones((20, 30), np.uint8)
    row = Row("a$_b$c", [paint_label(label)], frozenset({1}))
    figure = draw_grid(["picture"], [row], ["background", "$x_{$"], title="5 $ and 6 $ {")
    save_figure(figure, tmp_path / "grid.png")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["$x_{$"]


def test_a_grid_without_pictures_is_an_error():
    with pytest.raises(ValueError, match="no picture to show"):
        draw_grid(["picture"], [], CLASSES, title="T")


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_equal_figures_are_equal_files(tmp_path: Path, kind: str):
    for name in ("one", "two"):
        save_figure(draw_sweep(points([1, 5], 0.5), title="T", axis="r"), tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
