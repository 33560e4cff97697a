"""The saliency-free model's stages in a row, on four tiny scenes, with the settings that the workflow gives them."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from outages import EndsEarly, Outage

from wsss.artifacts import check_folder
from wsss.backbones import build_backbone
from wsss.checkpoints import CheckpointError
from wsss.config import load_config
from wsss.config_checks import ConfigError
from wsss.data import read_classes, read_images, read_masks, read_picture, squash
from wsss.data_checks import check_images, check_masks
from wsss.generic.clouds import feature_clouds
from wsss.generic.figures import draw_clouds, draw_variance, mask_rows, projection_rows
from wsss.generic.masks import full_size
from wsss.generic.network import BLOCKS, BlockFeatures, trained_features
from wsss.generic.patterns import load_patterns
from wsss.generic.seeds import cam_seeds, seed_label
from wsss.generic.stages import export_projections, find_patterns, input_side
from wsss.generic.variance import explained, variance_table, with_statement
from wsss.image_classifier import ImageClassifier, train_classifier
from wsss.label_io import VOC_PALETTE, write_label
from wsss.openmoji import build
from wsss.progress import Progress
from wsss.resuming import SavedState
from wsss.variants import Plan

SIZE, CLASSES = 65, 20
PAPER = Path(__file__).resolve().parents[2] / "config/paper"
TINY = {
    "classifier": {"image_size": SIZE, "epochs": 2, "batch_size": 3},
    "generic": {"input_scale": 1.0},
    "experiments": {"g": {"label": "generic", "set": {"method": "generic", "retraining.retrain_on": "none"}}},
}


def settings_of(stage: str, **changes) -> dict:
    plan = Plan(load_config(TINY))
    return plan.variant(stage, plan.settings("g", **changes)).relevant


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A checked data set of four scenes."""
    root = tmp_path_factory.mktemp("openmoji")
    build(root / "data", size=SIZE, train=4, val=1)
    check_images(root / "data", root / "images.csv", ["train"])
    check_masks(root / "data", root / "masks.csv", ["train"])
    return root


@pytest.fixture(scope="module")
def names(data) -> list[str]:
    return read_classes(data / "data" / "classes.txt")


@pytest.fixture(scope="module")
def pictures(data):
    return read_images(data / "images.csv", data / "data" / "classes.txt", "train")


@pytest.fixture(scope="module")
def chain(pictures, names, tmp_path_factory) -> Path:
    """Checkpoint, patterns and projections."""
    root = tmp_path_factory.mktemp("chain")
    train_classifier(
        pictures,
        CLASSES,
        settings_of("image_classifier"),
        seed=0,
        checkpoint=root / "model.safetensors",
        history=root / "history.csv",
        progress=quiet(),
    )
    find(pictures, names, root, root / "model.safetensors")
    project(pictures, root)
    return root


def find(pictures, names, folder: Path, checkpoint: Path, **changes) -> list[dict[str, str]]:
    """Finds patterns; returns the rows of their table."""
    find_patterns(
        pictures,
        names[1:],
        settings_of("patterns", **changes),
        seed=0,
        checkpoint=checkpoint,
        patterns=folder / "patterns.safetensors",
        table=folder / "patterns.csv",
        images=folder / "images.csv",
        progress=quiet(),
    )
    with open(folder / "patterns.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def project(pictures, folder: Path) -> None:
    export_projections(
        pictures,
        CLASSES,
        settings_of("projections"),
        checkpoint=folder / "model.safetensors",
        patterns=folder / "patterns.safetensors",
        folder=folder / "projections",
        manifest=folder / "manifest.csv",
        progress=quiet(),
    )


def features_of(picture, chain: Path) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors (d, h, w) and CAMs (C, h, w) of one picture, float64."""
    settings = settings_of("patterns")
    block = trained_features(chain / "model.safetensors", settings, CLASSES)
    image = torch.from_numpy(squash(read_picture(picture.path), input_side(settings), aligned=True))[None]
    with torch.inference_mode():
        features, maps = block(block.network.backbone.normalise(image))
    return features[0].double().numpy(), maps[0].double().numpy()


def test_patterns_and_projections_equal_numpy(chain, pictures):
    loaded = load_patterns(chain / "patterns.safetensors")
    c = pictures[0].classes[0]
    shown = [p for p in pictures if c in p.classes]
    both = [features_of(p, chain) for p in shown]
    x = np.concatenate([f.reshape(len(f), -1).T for f, _ in both])
    cams = [np.maximum(m[c - 1], 0) for _, m in both]
    cam = np.concatenate([(m / max(m.max(), 1e-12)).ravel() for m in cams])
    _, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    direct = vectors[:, -1]
    if cam.std() > 0:
        direct = direct * np.sign(np.cov(x @ direct, cam, bias=True)[0, 1])
    np.testing.assert_allclose(loaded[c - 1].mean, x.mean(0), atol=1e-5)
    assert abs(abs(loaded[c - 1].directions[0] @ direct) - 1) < 1e-6
    if cam.std() > 0:
        assert loaded[c - 1].directions[0] @ direct > 0
    check_folder(chain / "projections", chain / "manifest.csv", [p.image_id for p in pictures])
    q = np.load(chain / "projections" / f"{pictures[0].image_id}.npy")
    assert q.dtype == np.float32 and q.shape == (len(pictures[0].classes), *both[0][0].shape[1:])
    expected = (
        np.tensordot(both[0][0].transpose(1, 2, 0) - x.mean(0), loaded[c - 1].directions[0], 1) / (x @ direct).std()
    )
    np.testing.assert_allclose(q[0], expected, atol=1e-3)


def test_the_table_tells_what_each_class_had(chain, pictures, names):
    with open(chain / "patterns.csv", newline="") as stream:
        rows = {r["class"]: r for r in csv.DictReader(stream)}
    used = pd.read_csv(chain / "images.csv", dtype=str)
    for index, name in enumerate(names[1:], 1):
        shown = sorted(p.image_id for p in pictures if index in p.classes)
        assert used[used["class"] == name]["image_id"].tolist() == shown
        assert int(rows[name]["images"]) == len(shown)
        if not shown:
            assert rows[name]["note"] == "no picture" and rows[name]["sign_by"] == ""
        else:  # 25 cells of 192 channels each
            assert int(rows[name]["pixels"]) == 25 * len(shown) and int(rows[name]["channels"]) == 192
            assert rows[name]["sign"] in ("1", "-1") and 0 < float(rows[name]["eigenvalue_share"]) <= 1
            assert rows[name]["note"] == "fewer pixels than channels"


def test_the_other_rules_of_the_sign_and_fewer_pictures(chain, pictures, names, tmp_path):
    rows = find(
        pictures,
        names,
        tmp_path,
        chain / "model.safetensors",
        **{"generic.sign": "extremes", "generic.images_per_class": 1},
    )
    shown = [r for r in rows if r["images"] != "0"]
    assert {r["images"] for r in shown} == {"1"} and {r["sign_by"] for r in shown} == {"extremes"}
    assert all(float(r["extremes_agreement"]) > 0 for r in shown)


def test_training_is_the_same_again_and_its_checkpoint_says_what_it_is(chain, pictures, tmp_path):
    train_classifier(
        pictures, CLASSES, settings_of("image_classifier"), seed=0, checkpoint=tmp_path / "again.safetensors",
        history=tmp_path / "history.csv", progress=quiet(), workers=2,
    )  # fmt: skip
    assert (tmp_path / "again.safetensors").read_bytes() == (chain / "model.safetensors").read_bytes()
    with pytest.raises(CheckpointError, match="classes '20', but '3'"):
        trained_features(chain / "model.safetensors", settings_of("patterns"), 3)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_an_interrupted_classifier_ends_with_the_same_bits(pictures, tmp_path, optimiser):
    """Two epochs of two steps, cut off in the second."""
    changes = {"classifier.batch_size": 2, "classifier.optimiser.name": optimiser}

    def trained(folder: Path, progress: Progress, state: SavedState | None) -> tuple[bytes, bytes]:
        train_classifier(
            pictures, CLASSES, settings_of("image_classifier", **changes), seed=0, checkpoint=folder / "m.safetensors",
            history=folder / "history.csv", progress=progress, state=state,
        )  # fmt: skip
        return (folder / "m.safetensors").read_bytes(), (folder / "history.csv").read_bytes()

    whole = trained(tmp_path / "whole", quiet(), None)
    with pytest.raises(Outage):
        trained(tmp_path / "again", EndsEarly(4, "steps"), SavedState(tmp_path / "state", "key", 0))
    progress = quiet()
    assert trained(tmp_path / "again", progress, SavedState(tmp_path / "state", "key", 0)) == whole
    assert "goes on after step 3" in progress.log.getvalue()


@pytest.mark.parametrize("name", BLOCKS)
def test_every_backbone_has_the_three_blocks_on_one_grid(name):
    stride = 8 if name in ("vgg16", "resnet38") else 16
    network = ImageClassifier(build_backbone(name, output_stride=stride, pretrained=False), 3).eval()
    channels = {
        "resnet101": [2048] * 3,
        "resnet38": [1024, 2048, 4096],
        "vgg16": [512] * 3,
        "efficientnet_lite0": [192, 320, 1280],
    }[name]
    for block, expected in zip(("C41", "C42", "C43"), channels, strict=True):
        with torch.inference_mode():
            features, maps = BlockFeatures(network, name, block)(torch.zeros(1, 3, 64, 64))
            last = network.classes(features) if block == "C43" else maps
        assert features.shape[1] == expected and features.shape[-2:] == maps.shape[-2:]
        assert torch.equal(last, maps)  # C43 is what the class scores are made of


def test_an_unknown_block_is_named():
    network = ImageClassifier(build_backbone("efficientnet_lite0", pretrained=False), 3)
    with pytest.raises(ConfigError, match=r"'9\.0'.*efficientnet_lite0"):
        BlockFeatures(network, "efficientnet_lite0", "9.0")


def test_clouds_have_a_kind_for_each_descriptor(chain, data, pictures, names):
    block = ("C41", settings_of("patterns"), chain / "model.safetensors", chain / "patterns.safetensors")
    masks = read_masks(data / "masks.csv")
    points = feature_clouds(pictures, masks, names, [block], count=3, chosen=[], seed=0, progress=quiet())
    assert set(points["kind"]) <= {"object", "background", "another class"} and "object" in set(points["kind"])
    assert points["class"].nunique() == 2 and np.isfinite(points[["x", "y"]]).all(axis=None)
    assert len(draw_clouds(points, title="clouds").axes) == 2


def test_the_variance_is_that_of_the_patterns_pictures(chain, pictures, names):
    """The eigenvalues of a direct computation, whose first share is the one that ``find_patterns`` has written."""
    used = pd.read_csv(chain / "images.csv", dtype=str).groupby("class")["image_id"].agg(set)
    chosen = {names[c]: used[names[c]] for c in pictures[0].classes}
    table = variance_table(
        pictures, names, chosen, settings_of("patterns"), chain / "model.safetensors", count=50, progress=quiet()
    )
    with open(chain / "patterns.csv", newline="") as stream:
        patterns = {r["class"]: r for r in csv.DictReader(stream)}
    for name, rows in table.groupby("class"):
        shown = [p for p in pictures if names.index(name) in p.classes]
        x = np.concatenate([(f := features_of(p, chain)[0]).reshape(len(f), -1).T for p in shown])
        values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
        np.testing.assert_allclose(rows["percent"], 100 * values[:50] / values.sum(), atol=1e-3)
        assert rows["percent"].iloc[0] == pytest.approx(100 * float(patterns[name]["eigenvalue_share"]), abs=1e-3)
        assert rows["component"].tolist() == list(range(1, 51)) and rows["cumulative"].iloc[-1] <= 100 + 1e-6
        assert rows["pixels"].iloc[0] == 25 * rows["pictures"].iloc[0] == 25 * len(shown)


def test_shares_of_known_eigenvalues():
    assert explained(np.diag([1.0, 6, 0, 3]), 2).tolist() == pytest.approx([0.6, 0.3])
    assert explained(np.diag([1.0, 6, 0, 3]), 50).tolist() == pytest.approx([0.6, 0.3, 0.1, 0])
    assert np.isnan(explained(np.zeros((3, 3)), 2)).all()


def test_what_the_paper_states_of_components_is_held_against_ours():
    stated = pd.read_csv(PAPER / "generic_figure3.csv")
    assert stated.values.tolist() == [["dog", 1, "over", 10], ["dog", 2, "under", 4]]
    table = pd.DataFrame({"class": ["dog"] * 3 + ["cat"], "component": [1, 2, 3, 1], "percent": [10.5, 4.5, 2.0, 9.0]})
    found = with_statement(table, stated)
    assert found["paper"].fillna("").tolist() == ["over 10", "under 4", "", ""]
    assert found["verdict"].fillna("").tolist() == ["holds", "does not hold", "", ""]
    axes = draw_variance(found.assign(block="C41"), title="T").axes
    assert [a.get_title(loc="left") for a in axes] == ["dog", "cat"]
    legend = [t.get_text() for t in axes[0].get_legend().get_texts()]
    assert legend == ["C41: 10.5, 4.5, … %", "paper: component 1 over 10 %", "paper: component 2 under 4 %"]


def test_seeds_are_where_a_cam_is_high():
    cams = np.array([[[0.1, 0.5, 0.9, 0.2]], [[0.15, 0.6, 0.3, 0.0]]], np.float32)
    assert seed_label(cams, (3, 7)).tolist() == [[0, 7, 3, 0]]  # .2 is not above the threshold
    assert seed_label(cams, (3, 7), threshold=0.1).tolist() == [[7, 7, 3, 3]]


def test_seeds_are_the_classifiers_and_of_the_pictures_classes(chain, pictures):
    seeds = cam_seeds(pictures, CLASSES, settings_of("patterns"), chain / "model.safetensors", progress=quiet())
    assert list(seeds) == [p.image_id for p in pictures]
    for picture in pictures:
        maps = np.maximum(features_of(picture, chain)[1], 0)[[c - 1 for c in picture.classes]]
        maps = maps / np.maximum(maps.max((1, 2), keepdims=True), 1e-12)
        cams = full_size(maps.astype(np.float32), (SIZE, SIZE), aligned=True)
        assert (seeds[picture.image_id] == seed_label(cams, picture.classes)).mean() > 0.99
        assert set(np.unique(seeds[picture.image_id])) <= {0, *picture.classes}


def test_masks_of_blocks_stand_side_by_side_after_the_seeds(data, pictures, names, tmp_path):
    folders = [tmp_path / "C41", tmp_path / "C42"]
    for number, folder in enumerate(folders, 1):
        folder.mkdir()
        for p in pictures[:2]:
            write_label(folder / f"{p.image_id}.png", np.full((SIZE, SIZE), number, np.uint8))
    masks, seeds = read_masks(data / "masks.csv"), {p.image_id: np.zeros((SIZE, SIZE), np.uint8) for p in pictures}
    without, with_seeds = (mask_rows(pictures[:2], masks, folders, names, s) for s in (None, seeds))
    assert [len(r.cells) for r in without] == [4, 4] and [len(r.cells) for r in with_seeds] == [5, 5]
    assert [(without[0].cells[k] == VOC_PALETTE[k]).all() for k in (1, 2)] == [True, True]
    assert not with_seeds[1].cells[1].any()  # no seed is black
    assert (with_seeds[0].cells[4] == without[0].cells[3]).all()  # the truth


def test_projections_are_drawn_beside_picture_and_truth(chain, data, pictures, names):
    rows = projection_rows(pictures[:2], read_masks(data / "masks.csv"), [chain / "projections"], names, aligned=True)
    assert [len(r.cells) for r in rows] == [3, 3] and rows[0].cells[1].shape == (SIZE, SIZE, 3)
    image_id, *classes = rows[0].title.splitlines()
    assert (image_id, " ".join(classes)) == (pictures[0].image_id, ", ".join(names[c] for c in pictures[0].classes))
