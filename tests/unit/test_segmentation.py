"""Prediction, evaluation and training of the segmentation network on a few tiny pictures."""

import csv
import io
import json

import numpy as np
import pytest
import torch
from outages import EndsEarly, Outage
from PIL import Image
from safetensors.torch import load_file

from wsss.artifacts import check_folder
from wsss.checkpoints import CheckpointError, save_checkpoint
from wsss.config import Config, load_config
from wsss.data import DataError, Picture
from wsss.deeplab import multi_scale_logits
from wsss.evaluation import evaluate, evaluate_part
from wsss.label_io import read_label, write_label
from wsss.metrics import confusion_matrix, mean_iou, pixel_accuracy
from wsss.parts import part_of
from wsss.picture_counts import read_counts, total
from wsss.progress import Progress
from wsss.resuming import SavedState
from wsss.segmentation import (
    build_segmentation,
    identity,
    keep_classes,
    predict,
    predict_probabilities,
    prediction_batch,
    train_segmentation,
)
from wsss.variants import Plan

NAMES = ["background", "cat", "dog", "cow"]
SIZES = [(40, 30), (33, 33), (25, 50)]  # (width, height)


def settings_with(stage: str, **changes) -> dict:
    """Exactly the settings that the workflow gives to ``stage``."""
    tiny = {
        "segmentation": {"image_size": 33, "epochs": 2, "batch_size": 2, "decoder_width": 8, "rates": [1, 2]},
        "prediction": {"crf": {"iterations": 2}},
    }
    plan = Plan(load_config({**tiny, "experiments": {"nsrom": {"label": "NSROM"}}}))
    variant = plan.variant(stage, plan.settings("nsrom", **changes))
    return variant.relevant


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


def score_files(folder) -> dict:
    """Where an evaluation writes what is not a prediction."""
    return {
        name: folder / f"{name}.{kind}" for name, kind in (("metrics", "json"), ("per_class", "csv"), ("counts", "npz"))
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Pictures, their masks by id, and the folder of these masks."""
    folder = tmp_path_factory.mktemp("data")
    rng, pictures, masks = np.random.default_rng(0), [], {}
    for number, (width, height) in enumerate(SIZES):
        name = f"picture_{number}"
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / f"{name}.jpg")
        mask = rng.integers(0, 3, (height, width)).astype(np.uint8)
        mask[0, :5] = 255
        masks[name] = folder / f"{name}.png"
        write_label(masks[name], mask)
        pictures.append(Picture(name, "val", width, height, (1, 2)[: number + 1], folder / f"{name}.jpg", None))
    return pictures, masks


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A network with trained features and random scores."""
    path = tmp_path_factory.mktemp("network") / "model.safetensors"
    settings = settings_with("round1")
    torch.manual_seed(0)
    save_checkpoint(path, build_segmentation(settings, len(NAMES), pretrained=True), identity(settings, len(NAMES)))
    return path


def predicted(pictures, checkpoint, folder, workers=1, **changes) -> dict[str, np.ndarray]:
    settings = settings_with("predictions", **changes)
    where = {"folder": folder / "labels", "manifest": folder / "manifest.csv"}
    predict(pictures, len(NAMES), settings, checkpoint=checkpoint, progress=quiet(), workers=workers, **where)
    check_folder(folder / "labels", folder / "manifest.csv", [p.image_id for p in pictures])
    return {p.image_id: read_label(folder / "labels" / f"{p.image_id}.png") for p in pictures}


@pytest.mark.parametrize("changes", [{}, {"prediction.crf.enabled": False}, {"prediction.crf.size": 33}])
def test_predictions_have_the_size_of_their_pictures(data, checkpoint, tmp_path, changes):
    pictures, _ = data
    labels = predicted(pictures, checkpoint, tmp_path, **changes)
    assert [labels[p.image_id].shape for p in pictures] == [(p.height, p.width) for p in pictures]
    assert all(set(np.unique(label)) <= set(range(len(NAMES))) for label in labels.values())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels", "manifest.csv"]


def test_without_crf_the_label_is_the_most_probable_class(data, checkpoint, tmp_path):
    pictures, _ = data
    labels = predicted(pictures, checkpoint, tmp_path, **{"prediction.crf.enabled": False})
    seen = []
    settings = settings_with("predictions")
    for picture, image, p in predict_probabilities(pictures, len(NAMES), settings, checkpoint, quiet(), workers=2):
        seen.append(picture)
        assert image.shape == (picture.height, picture.width, 3)
        assert p.shape == (len(NAMES), picture.height, picture.width) and p.dtype == np.float32
        np.testing.assert_allclose(p.sum(0), 1, atol=1e-5)
        assert np.array_equal(labels[picture.image_id], p.argmax(0))
    assert seen == pictures


def test_predictions_can_be_filtered_by_image_labels(data, checkpoint, tmp_path):
    pictures, _ = data
    off = {"prediction.crf.enabled": False}
    plain = predicted(pictures, checkpoint, tmp_path / "plain", **off)
    kept = predicted(pictures, checkpoint, tmp_path / "kept", **off, **{"first_round.filter_by_labels": True})
    assert all(set(np.unique(kept[p.image_id])) <= {0, *p.classes} for p in pictures)
    assert any(not set(np.unique(plain[p.image_id])) <= {0, *p.classes} for p in pictures)


def test_first_round_predictions_have_scales_of_their_own(data, checkpoint, tmp_path):
    pictures, _ = data
    off = {"prediction.crf.enabled": False}
    plain = predicted(pictures, checkpoint, tmp_path / "plain", **off)
    own = predicted(pictures, checkpoint, tmp_path / "own", **off, **{"first_round.scales": [2.0]})
    same = predicted(pictures, checkpoint, tmp_path / "same", **off, **{"prediction.scales": [2.0]})
    assert all(np.array_equal(own[name], same[name]) for name in own)
    assert any(not np.array_equal(own[name], plain[name]) for name in own)


def test_keep_classes_by_hand():
    probabilities = np.array([0.1, 0.2, 0.3, 0.4], np.float32).reshape(4, 1, 1)
    np.testing.assert_allclose(keep_classes(probabilities, (2,)).ravel(), [0.25, 0, 0.75, 0], rtol=1e-6)
    np.testing.assert_allclose(keep_classes(probabilities, (1, 2, 3)).ravel(), [0.1, 0.2, 0.3, 0.4], rtol=1e-6)
    assert probabilities.ravel().tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    none = keep_classes(np.array([0, 0, 1], np.float32).reshape(3, 1, 1), (1,))
    assert np.isfinite(none).all() and (none == 0).all()


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_scales_and_flips(data, checkpoint, reduce):
    """With flips the prediction of a mirrored picture is the mirrored prediction; without, it is another one."""
    picture = data[0][1]
    image = np.array(Image.open(picture.path))
    both = []
    for name, values in (("plain", image), ("mirrored", image[:, ::-1])):
        path = picture.path.with_name(f"{name}_{reduce}.png")
        Image.fromarray(values).save(path)
        both.append(Picture(name, "val", 33, 33, (1,), path, None))
    skew = {}
    for flip in (False, True):
        changes = {"prediction.flip": flip, "prediction.scales": [1.0, 1.5], "prediction.reduce": reduce}
        settings = settings_with("predictions", **changes)
        plain, mirrored = (p for _, _, p in predict_probabilities(both, len(NAMES), settings, checkpoint, quiet()))
        np.testing.assert_allclose(plain.sum(0), 1, atol=1e-5)
        skew[flip] = np.abs(plain - mirrored[:, :, ::-1]).max() / plain.std(axis=(1, 2)).max()
    assert skew[True] < 0.01 and skew[False] > 0.1


def test_evaluation_in_parts_gives_the_same_files(data, checkpoint, tmp_path):
    """Also where a part is missing: its pictures are then predicted by whoever gathers."""
    pictures, masks = data
    settings = settings_with("evaluation")
    given = {"checkpoint": checkpoint, "progress": quiet()}
    names = [f"{i}-of-2" for i in (1, 2)]
    for part in (tmp_path / name for name in names):
        mine = part_of(pictures, part.name, prediction_batch(settings))
        where = {"folder": part / "labels", "manifest": part / "manifest.csv"}
        evaluate_part(mine, masks, NAMES, settings, **given, **where)
    for whole, parts in (("once", []), ("gathered", names), ("half", names[1:])):
        folder = tmp_path / whole
        where = {"folder": folder / "predictions", "manifest": folder / "manifest.csv"}
        where |= score_files(folder)
        evaluate(pictures, masks, NAMES, settings, **given, **where, parts=[tmp_path / part for part in parts])
    once, gathered, half = (
        {f.relative_to(tmp_path / whole): f.read_bytes() for f in (tmp_path / whole).rglob("*.*")}
        for whole in ("once", "gathered", "half")
    )
    assert len(once) == len(pictures) + 4
    assert once == gathered == half


def test_gathering_predicts_nothing_anew(data, tmp_path):
    """Without a picture to predict, there need not even be a network."""
    given = {"checkpoint": tmp_path / "absent", "progress": quiet()}
    where = {"folder": tmp_path / "labels", "manifest": tmp_path / "manifest.csv"}
    predict([], len(NAMES), settings_with("predictions"), **given, **where)
    assert list((tmp_path / "labels").iterdir()) == []


def test_evaluation_files(data, checkpoint, tmp_path):
    pictures, masks = data
    settings = settings_with("evaluation")
    evaluate(
        pictures,
        masks,
        NAMES,
        settings,
        checkpoint=checkpoint,
        **score_files(tmp_path),
        folder=tmp_path / "predictions",
        manifest=tmp_path / "manifest.csv",
        progress=quiet(),
    )
    report = json.loads((tmp_path / "metrics.json").read_text())
    assert report.keys() == {"images", "raw", "crf"}
    assert report["images"] == 3
    check_folder(tmp_path / "predictions", tmp_path / "manifest.csv", [p.image_id for p in pictures])
    # The scores are those of the files, by hand, and of the probabilities.
    counts = read_counts(tmp_path / "counts.npz")
    assert counts.images == tuple(p.image_id for p in pictures)
    raw, crf = np.zeros((4, 4), np.int64), np.zeros((4, 4), np.int64)
    for picture, _, p in predict_probabilities(pictures, len(NAMES), settings, checkpoint, quiet()):
        truth = read_label(masks[picture.image_id])
        raw += confusion_matrix(p.argmax(0), truth, 4)
        crf += confusion_matrix(read_label(tmp_path / "predictions" / f"{picture.image_id}.png"), truth, 4)
    for name, matrix in (("raw", raw), ("crf", crf)):
        assert np.array_equal(total(getattr(counts, name), 4), matrix)
        scores = report[name]
        assert scores.keys() == {"miou", "pixel_accuracy", "iou"}
        assert scores["miou"] == pytest.approx(mean_iou(matrix))
        assert scores["pixel_accuracy"] == pytest.approx(pixel_accuracy(matrix))
        assert list(scores["iou"]) == NAMES
    with open(tmp_path / "per_class.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["class"] for row in rows] == NAMES
    for row in rows:
        for column, name in (("iou", "raw"), ("iou_crf", "crf")):
            value = report[name]["iou"][row["class"]]
            assert row[column] == "" if value is None else float(row[column]) == value


def test_an_interrupted_evaluation_goes_on_to_the_same_numbers(data, checkpoint, tmp_path):
    pictures, masks = data
    settings = settings_with("evaluation", **{"segmentation.batch_size": 1})

    def scored(name, progress):
        folder = tmp_path / name
        files = score_files(folder) | {"folder": folder / "predictions", "manifest": folder / "manifest.csv"}
        evaluate(pictures, masks, NAMES, settings, checkpoint=checkpoint, progress=progress, key="a" * 64, **files)
        assert sorted(f.name for f in folder.iterdir()) == sorted(f.name for f in files.values())
        return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

    undisturbed = scored("undisturbed", quiet())
    with pytest.raises(Outage):
        scored("again", EndsEarly(2, "batches"))
    assert (
        len(list((tmp_path / "again").glob(".predictions*.partial/*.png"))) == 4
    )  # of two pictures, with and without CRF
    (tmp_path / "again" / f".predictions_raw.{'a' * 16}.partial" / "picture_1.png").unlink()
    assert scored("again", quiet()) == undisturbed


def test_a_checkpoint_of_another_backbone_writes_nothing(data, checkpoint, tmp_path):
    pictures, _ = data
    other = {"segmentation.backbone": "vgg16", "segmentation.output_stride": 8}
    with pytest.raises(CheckpointError, match="backbone 'efficientnet_lite0', but 'vgg16'"):
        predicted(pictures, checkpoint, tmp_path, **other)
    assert list(tmp_path.iterdir()) == []


def trained(pictures, masks, folder, workers=1, log=None, progress=None, state=None) -> bytes:
    train_segmentation(
        pictures,
        lambda picture: masks[picture.image_id],
        len(NAMES),
        settings_with("round1"),
        seed=0,
        round_number=1,
        checkpoint=folder / "model.safetensors",
        history=folder / "history.csv",
        progress=progress or Progress("test", log or io.StringIO(), io.StringIO()),
        workers=workers,
        state=state,
    )
    return (folder / "model.safetensors").read_bytes()


def test_training_is_bit_identical_and_leaves_out_pictures_without_label(data, checkpoint, tmp_path):
    pictures, masks = data
    ignored = Picture("ignored", "val", 33, 33, (1,), pictures[1].path, None)
    write_label(tmp_path / "ignored.png", np.full((33, 33), 255, np.uint8))
    log = io.StringIO()
    first = trained([*pictures, ignored], {**masks, "ignored": tmp_path / "ignored.png"}, tmp_path, 2, log)
    assert "1 of 4 pictures have no labelled pixel" in log.getvalue()
    assert trained(pictures, masks, tmp_path / "again") == first
    with open(tmp_path / "history.csv", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == settings_with("round1")["segmentation.epochs"]
    assert first != checkpoint.read_bytes()
    predicted(pictures, tmp_path / "model.safetensors", tmp_path)


def test_an_interrupted_training_ends_with_the_same_bits(data, tmp_path):
    pictures, masks = data
    expected = trained(pictures, masks, tmp_path / "undisturbed")
    state = {"state": SavedState(tmp_path / "state", "key", 0)}
    with pytest.raises(Outage):
        trained(pictures, masks, tmp_path / "again", progress=EndsEarly(1, "steps"), **state)
    log = io.StringIO()
    assert trained(pictures, masks, tmp_path / "again", log=log, **state) == expected
    assert "goes on after step 1, from the saved state" in log.getvalue()
    histories = [(tmp_path / name / "history.csv").read_bytes() for name in ("undisturbed", "again")]
    assert histories[0] == histories[1]


def test_training_without_any_label_says_so(data, tmp_path):
    pictures, _ = data
    write_label(tmp_path / "nothing.png", np.full((33, 33), 255, np.uint8))
    with pytest.raises(DataError, match="no picture has a labelled pixel"):
        trained(pictures, {p.image_id: tmp_path / "nothing.png" for p in pictures}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["nothing.png"]


def test_the_default_config_builds_its_network():
    settings = Plan(Config()).baseline
    network = build_segmentation(settings, 21, pretrained=False).eval()
    size = settings["segmentation.image_size"]
    with torch.inference_mode():
        scores = network(torch.zeros(1, 3, size, size))
    assert scores.shape[:2] == (1, 21) and scores.shape[2] == scores.shape[3]


PAPER = {
    "segmentation.crop": 33,
    "segmentation.scale_choices": [0.5, 1.0, 1.5],
    "segmentation.loss_scales": [0.5, 0.75],
    "segmentation.align_corners": False,
    "segmentation.iterations": 3,
    "segmentation.accumulate": 2,
    "segmentation.freeze_batch_norm": True,
    "segmentation.decoder_width": None,
    "prediction.original_size": True,
    "prediction.scales": [1.0, 0.75, 0.5],
    "prediction.reduce": "max",
    "prediction.crf.minimum_probability": 0.0,
}


def test_training_and_inference_as_published_on_whole_pictures(data, tmp_path):
    pictures, masks = data
    where = {"checkpoint": tmp_path / "model.safetensors", "history": tmp_path / "history.csv"}
    train_segmentation(
        pictures, lambda p: masks[p.image_id], len(NAMES), settings_with("round1", **PAPER), seed=0, round_number=1,
        progress=quiet(), **where,
    )  # fmt: skip
    with open(where["history"], newline="") as stream:
        assert list(csv.DictReader(stream))[-1]["steps"] == "3"
    settings = settings_with("predictions", **PAPER)
    network = build_segmentation(settings, len(NAMES), pretrained=False).eval()
    network.load_state_dict(load_file(where["checkpoint"]))
    for picture, image, p in predict_probabilities(pictures, len(NAMES), settings, where["checkpoint"], quiet()):
        x = network.backbone.normalise(torch.from_numpy(image[None]))
        with torch.inference_mode():
            logits = multi_scale_logits(network, x, [0.75, 0.5])[-1]
        full = torch.nn.functional.interpolate(logits, p.shape[1:], mode="bilinear", align_corners=False)[0]
        np.testing.assert_allclose(p, full.softmax(0), atol=1e-6)
        assert p.shape == (len(NAMES), picture.height, picture.width)
    one, two = (
        predicted(pictures, where["checkpoint"], tmp_path / str(workers), workers, **PAPER) for workers in (1, 2)
    )
    assert all(np.array_equal(one[k], two[k]) for k in one)
