"""Saliency detection with a real onnxruntime on a tiny model: what goes in, what comes out, what is refused."""

import sys

import cv2
import numpy as np
import pytest
from onnx_file import write_model

from wsss.archives import ArchiveError
from wsss.artifacts import sha256
from wsss.data import DataError, read_picture
from wsss.label_io import read_gray
from wsss.saliency_detection import MEAN, STD, detect_saliency, open_model, to_input, to_map

SIZES = {"a": (60, 90), "b": (75, 40), "c": (50, 50)}  # (height, width)


@pytest.fixture
def pictures(tmp_path):
    """Pictures with a red rectangle, and nothing else in red."""
    folder = tmp_path / "JPEGImages"
    folder.mkdir()
    for name, (height, width) in SIZES.items():
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 2] = 90
        image[height // 4 : height // 2, width // 4 : width // 2] = (200, 0, 0)
        (folder / f"{name}.jpg").write_bytes(cv2.imencode(".jpg", image[..., ::-1])[1].tobytes())
    return folder


def silent(items, total=None, unit="pictures"):
    yield from items


def detect(model, pictures, folder, **settings):
    settings = {"checksum": None, "batch_size": 2, "progress": silent} | settings
    return detect_saliency(
        model, pictures, list(SIZES), maps=folder / "maps", manifest=folder / "manifest.csv", **settings
    )


# --- around the model ---------------------------------------------------------------------------------------------


def test_the_input_is_divided_by_its_maximum_and_normalised():
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[..., 0], picture[..., 1] = 50, 25
    values = to_input(picture)
    assert values.shape == (3, 320, 320) and values.dtype == np.float32
    expected = (np.array([1.0, 0.5, 0.0]) - MEAN) / STD
    assert np.allclose(values, expected[:, None, None], atol=1e-6)
    assert np.isfinite(to_input(np.zeros((4, 4, 3), np.uint8))).all()


def test_scores_become_a_map_of_the_pictures_size():
    score = np.array([[-2.0, 0.0], [2.0, 2.0]], np.float32)
    assert to_map(score, (2, 2)).tolist() == [[0, 128], [255, 255]]
    full = to_map(score, (40, 60))
    assert full.shape == (40, 60) and full.dtype == np.uint8 and (full.min(), full.max()) == (0, 255)
    assert not to_map(np.full((8, 8), 0.7, np.float32), (5, 5)).any()


# --- with the model -----------------------------------------------------------------------------------------------


@pytest.fixture
def onnxruntime():
    return pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.mark.parametrize("batch", [None, 1])
def test_maps_show_what_the_model_sees(onnxruntime, pictures, tmp_path, batch):
    ran_on = detect(write_model(tmp_path / "m.onnx", batch=batch), pictures, tmp_path / "out", threads=2)
    assert ran_on["onnxruntime"] == onnxruntime.__version__
    assert ran_on["provider"] in ("CPUExecutionProvider", "CUDAExecutionProvider")
    assert sorted(f.name for f in (tmp_path / "out" / "maps").iterdir()) == ["a.png", "b.png", "c.png"]
    for name, (height, width) in SIZES.items():
        saliency = read_gray(tmp_path / "out" / "maps" / f"{name}.png")
        assert saliency.shape == (height, width)
        red = read_picture(pictures / f"{name}.jpg")[..., 0] > 100
        assert saliency[red].mean() > 220 and saliency[~red].mean() < 25


def test_the_batch_does_not_change_the_maps(onnxruntime, pictures, tmp_path):
    model = write_model(tmp_path / "m.onnx", weights=(1.0, -0.5, 0.3))
    for size in (1, 2, 8):
        detect(model, pictures, tmp_path / str(size), batch_size=size)
    listings = [(tmp_path / str(size) / "manifest.csv").read_text() for size in (1, 2, 8)]
    assert listings[0] == listings[1] == listings[2]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"channels": 1}, r"takes an input of shape \['n', 1, 320, 320\]"),
        ({"side": 512}, r"takes an input of shape \['n', 3, 512, 512\], not \(N or 1, 3, 320, 320\): give a U²-Net"),
        ({"batch": 4}, r"takes an input of shape \[4, 3, 320, 320\]"),
        ({"weights": (float("nan"), 0, 0)}, "puts out values that are no numbers"),
    ],
)
def test_a_model_of_another_form(onnxruntime, pictures, tmp_path, form, words):
    model = write_model(tmp_path / "m.onnx", **form)
    with pytest.raises(DataError, match=rf"m\.onnx {words}"):
        detect(model, pictures, tmp_path / "out")
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_no_model(onnxruntime, pictures, tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match=r"m\.onnx cannot be read as an ONNX model .*get the file again") as caught:
        detect(tmp_path / "m.onnx", pictures, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_truncated_picture_leaves_nothing(onnxruntime, pictures, tmp_path):
    (pictures / "c.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"c\.jpg cannot be decoded"):
        detect(write_model(tmp_path / "m.onnx"), pictures, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_another_checksum_and_no_file(pictures, tmp_path):
    model = write_model(tmp_path / "m.onnx")
    with pytest.raises(ArchiveError, match=rf"m\.onnx has the sha256 checksum {sha256(model)} instead of 0000"):
        detect(model, pictures, tmp_path / "out", checksum=f"sha256:{'0' * 64}")
    with pytest.raises(ArchiveError, match=r"none\.onnx is missing"):
        detect(tmp_path / "none.onnx", pictures, tmp_path / "out")


def test_without_onnxruntime_it_is_said_what_to_do(pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    with pytest.raises(DataError, match=r"m\.onnx needs onnxruntime, .*install it, or give precomputed maps"):
        open_model(write_model(tmp_path / "m.onnx"))
