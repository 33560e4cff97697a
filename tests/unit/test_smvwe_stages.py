"""SMVWE's stages in a row, on four tiny scenes, with the settings that the workflow gives them."""

import csv
import io
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from outages import EndsEarly, Outage

from wsss.artifacts import check_folder
from wsss.backbones import resnet38
from wsss.checkpoints import CheckpointError
from wsss.config import load_config
from wsss.config_checks import ConfigError
from wsss.data import read_classes, read_images, read_masks, read_picture
from wsss.data_checks import check_images, check_masks, check_saliency
from wsss.interruption import Stopped
from wsss.map_io import read_maps
from wsss.openmoji import build
from wsss.progress import Progress
from wsss.resuming import SavedState
from wsss.smvwe.figures import paint_words, word_grid, word_rows, word_table
from wsss.smvwe.labels import strongest_map, word_label
from wsss.smvwe.losses import joint_losses
from wsss.smvwe.network import build_network, trained_network
from wsss.smvwe.samples import inference_sizes, training_sample
from wsss.smvwe.stages import added_maps, class_maps, export_maps, first_words, train_network
from wsss.variants import Plan

SIZE, CLASSES = 65, 20
TINY = {
    "classifier": {"image_size": SIZE},
    "smvwe": {"epochs": 2, "batch_size": 2, "words": 12, "scales": [1.0, 1.5]},
    "experiments": {"s": {"label": "SMVWE", "set": {"method": "smvwe", "retraining.retrain_on": "none"}}},
}
LOSSES = ("words_loss", "frequency_loss", "image_loss", "saliency_loss")


def settings_of(stage: str, **changes) -> dict:
    plan = Plan(load_config(TINY))
    return plan.variant(stage, plan.settings("s", **{f"smvwe.{k}": v for k, v in changes.items()})).relevant


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A checked data set of four scenes."""
    root = tmp_path_factory.mktemp("openmoji")
    build(root / "data", size=SIZE, train=4, val=1)
    check_images(root / "data", root / "images.csv", ["train"])
    check_masks(root / "data", root / "masks.csv", ["train"])
    pictures = read_images(root / "images.csv", root / "data" / "classes.txt", "train")
    check_saliency(pictures, root / "data" / "Saliency", root / "saliency.csv")
    return root


@pytest.fixture(scope="module")
def pictures(data):
    return read_images(data / "images.csv", data / "data" / "classes.txt", "train", data / "saliency.csv")


def train(pictures, folder: Path, *, state=None, progress=None, settings=None, **changes) -> list[dict[str, str]]:
    """Trains; returns the rows of the history."""
    train_network(
        pictures,
        CLASSES,
        settings or settings_of("word_encoder", **changes),
        seed=0,
        checkpoint=folder / "model.safetensors",
        history=folder / "history.csv",
        progress=progress or quiet(),
        state=state,
    )
    with open(folder / "history.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def export(pictures, folder: Path, settings=None) -> None:
    export_maps(
        pictures,
        CLASSES,
        settings or settings_of("word_maps"),
        checkpoint=folder / "model.safetensors",
        folder=folder / "maps",
        manifest=folder / "manifest.csv",
        progress=quiet(),
    )


@pytest.fixture(scope="module")
def chain(pictures, tmp_path_factory) -> Path:
    """Checkpoint and maps."""
    root = tmp_path_factory.mktemp("chain")
    train(pictures, root)
    export(pictures, root)
    return root


def test_the_history_holds_the_course_of_each_loss(chain):
    with open(chain / "history.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2
    for row in rows:
        assert float(row["loss"]) == pytest.approx(sum(float(row[name]) for name in LOSSES), rel=1e-4)


def test_maps_and_labels_of_a_picture(chain, pictures):
    check_folder(chain / "maps", chain / "manifest.csv", [p.image_id for p in pictures])
    settings = settings_of("word_labels")
    network = trained_network(chain / "model.safetensors", settings, CLASSES)
    first = pictures[0]
    maps = read_maps(chain / "maps" / f"{first.image_id}.png", first.classes)
    assert all(m.max() == 255 and m.shape == (7, 7) for m in maps.values())  # 97 px, the finest scale
    x = [torch.from_numpy(read_picture(first.path))[None]]
    with torch.inference_mode():
        values = added_maps(network, x, settings | {"smvwe.mirror": False})[0]
        logits = network(network.backbone.normalise(x[0]))[1]
        both, mirrored = (added_maps(network, y, settings)[0] for y in (x, [x[0].flip(2)]))
    np.testing.assert_allclose(values, logits.softmax(1)[0, :-1], atol=1e-6)
    np.testing.assert_allclose(both, mirrored[..., ::-1], atol=1e-5)  # a mirrored picture has mirrored maps
    label = word_label(first, maps=chain / "maps", settings=settings)
    assert label.shape == (SIZE, SIZE) and set(np.unique(label)) <= {0, *first.classes}


def test_without_feedback_nothing_reads_saliency_and_the_background_channel_is_unused(data, tmp_path):
    blind = read_images(data / "images.csv", data / "data" / "classes.txt", "train")
    row = train(blind, tmp_path, saliency_feedback=False)[0]
    assert set(LOSSES) - row.keys() == {"saliency_loss"}
    logits = torch.tensor([[[[2.0]], [[-1.0]], [[9.0]]]])
    assert class_maps(logits, {"smvwe.saliency_feedback": False}).flatten().tolist() == [2.0, 0.0]


@pytest.mark.parametrize("detach", [True, False])
def test_which_loss_trains_what(detach):
    settings = settings_of("word_encoder", detach_features=detach)
    network = build_network(settings, CLASSES, pretrained=False)
    features = torch.rand(2, 1280, 3, 3, requires_grad=True)
    labels, saliency = torch.eye(CLASSES)[:2], torch.rand(2, 3, 3)
    losses = joint_losses(network, features, network.maps(features), labels, saliency, settings)
    assert set(losses) == {"words", "frequency", "image", "saliency"}
    gradients = {
        n: torch.autograd.grad(v, features, retain_graph=True, allow_unused=True)[0] for n, v in losses.items()
    }
    assert {n for n, g in gradients.items() if g is not None and g.any()} == set(losses) - (
        {"frequency"} if detach else set()
    )
    codebook = torch.autograd.grad(losses["frequency"], network.encoder.codebook, retain_graph=True)[0]
    assert codebook.any()
    printed = joint_losses(
        network, features, network.maps(features), labels, saliency, settings | {"smvwe.image_loss": False}
    )
    assert set(printed) == {"words", "frequency", "saliency"}


def test_crops_take_the_saliency_along(pictures, tmp_path):
    settings = settings_of("word_encoder", crop_size=49, long_side=[33, 65]) | {"classifier.jitter": [0, 0, 0, 0]}
    shapes, padded = set(), 0
    for epoch in range(8):
        image, saliency = training_sample(pictures[0], settings, (10, 20, 30), seed=0, epoch=epoch, index=0)
        shapes.add((image.shape, saliency.shape))
        outside = (image == (10, 20, 30)).all(2)
        padded += outside.all(0).any() or outside.all(1).any()
        assert not saliency[outside].any()
    assert shapes == {((49, 49, 3), (49, 49))} and padded
    own = settings_of("word_maps", crop_size=49) | {"smvwe.scales": [1.0, 0.5]}
    assert inference_sizes(pictures[0], own) == [(32, 32), (SIZE, SIZE)]
    train(pictures, tmp_path, crop_size=49, long_side=[49, 65])


def test_at_full_size_each_picture_keeps_its_own(data, pictures, tmp_path, monkeypatch):
    """As config/voc2012_smvwe.yaml has it: ResNet-38 (a narrow one), crops, corners not aligned, sizes that vary."""
    narrow = {"resnet38": lambda: resnet38(width=4)}
    monkeypatch.setattr("wsss.smvwe.network.build_backbone", lambda name, **_: narrow[name]())
    full = {"crop_size": 49, "long_side": [33, 65], "scales": [0.5, 1.0, 1.5]}
    changes = {"classifier.backbone": "resnet38", "classifier.output_stride": 8, "cam.align_corners": False}
    cropped = tmp_path / "tall.png"
    cv2.imwrite(str(cropped), cv2.imread(str(pictures[0].path))[:, :41])
    cv2.imwrite(str(tmp_path / "salient.png"), np.full((SIZE, 41), 255, np.uint8))
    tall = replace(pictures[0], image_id="tall", path=cropped, width=41, saliency=tmp_path / "salient.png")
    shown = [tall, *pictures[1:]]
    train(shown, tmp_path, settings=settings_of("word_encoder", **full) | changes)
    export(shown, tmp_path, settings=settings_of("word_maps", **full) | changes)
    settings = settings_of("word_labels", **full) | changes
    for picture, cells in ((tall, (13, 8)), (pictures[1], (13, 13))):  # 98 × 62 and 98 × 98 px, the finest scale
        maps = read_maps(tmp_path / "maps" / f"{picture.image_id}.png", picture.classes)
        assert all(m.shape == cells and m.max() == 255 for m in maps.values())
        label = word_label(picture, maps=tmp_path / "maps", settings=settings)
        assert label.shape == (picture.height, picture.width)
        winner, strongest = strongest_map(picture, tmp_path / "maps", aligned=False)
        assert set(np.unique(winner)) <= set(picture.classes) and strongest.max() == pytest.approx(1, abs=0.01)


def test_an_interrupted_training_goes_on_to_the_same_bytes(chain, pictures, tmp_path):
    def state() -> SavedState:
        return SavedState(tmp_path / "state", "key", 0)

    with pytest.raises(Outage):
        train(pictures, tmp_path, state=state(), progress=EndsEarly(4, "steps"))
    progress = quiet()
    train(pictures, tmp_path, state=state(), progress=progress)
    assert "goes on after step 3" in progress.log.getvalue()
    for name in ("model.safetensors", "history.csv"):
        assert (tmp_path / name).read_bytes() == (chain / name).read_bytes()


def test_a_training_that_is_stopped_in_its_last_step_ends_on_the_next_try(chain, pictures, tmp_path):
    state = partial(SavedState, tmp_path / "state", "key", 60)

    class Stopping(Progress):
        def __call__(self, items, total=None, unit="pictures", before=0):
            for number, item in enumerate(super().__call__(items, total, unit, before), 1):
                if unit == "steps" and number == total:
                    signal.raise_signal(signal.SIGTERM)
                yield item

    with pytest.raises(Stopped, match="after step 4 of 4"):
        train(pictures, tmp_path, state=state(), progress=Stopping("test", io.StringIO(), io.StringIO()))
    train(pictures, tmp_path, state=state())
    for name in ("model.safetensors", "history.csv"):
        assert (tmp_path / name).read_bytes() == (chain / name).read_bytes()


def test_the_first_words_are_pixels_of_the_pictures(pictures):
    settings = settings_of("word_encoder", words=300)  # four pictures of 5 × 5 cells: words are drawn repeatedly
    network = build_network(settings, CLASSES, pretrained=False)
    draw = partial(training_sample, settings=settings, fill=(127,) * 3, seed=0)
    words = first_words(network, pictures, draw, settings, 0)
    assert words.shape == (300, 1280) and 50 < len(np.unique(words.numpy(), axis=0)) <= 100
    torch.testing.assert_close(words, first_words(network, pictures, draw, settings, 0), rtol=0, atol=0)


def test_a_checkpoint_of_another_codebook_is_refused(chain):
    with pytest.raises(CheckpointError, match="words '12', but '16'"):
        trained_network(chain / "model.safetensors", settings_of("word_maps", words=16), CLASSES)


def test_pictures_of_words(chain, data, pictures):
    settings, names = settings_of("word_maps"), read_classes(data / "data" / "classes.txt")
    network = trained_network(chain / "model.safetensors", settings, CLASSES)
    grid = word_grid(network, pictures[0], settings)
    assert grid.shape == (7, 7) and grid.max() < 12
    table = word_table({"a": grid}, network, names)
    assert table["cells"].sum() == 49 and set(table["class"]) <= set(names[1:])
    image = read_picture(pictures[0].path)
    colours = paint_words(image * 0, grid, aligned=True).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) == len(np.unique(grid))
    labels = data / "data" / "SegmentationClass"
    rows = word_rows(
        pictures[:1], read_masks(data / "masks.csv"), [{pictures[0].image_id: grid}], [chain / "maps"], [labels], names,
        aligned=True,
    )  # fmt: skip
    assert len(rows[0].cells) == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smvwe.image_loss": False, "smvwe.saliency_feedback": False}, "nothing trains the maps"),
        ({"smvwe.long_side": [512, 256]}, "give the shorter side first"),
        ({"retraining.retrain_on": "masked"}, "method is smvwe"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        Plan(load_config(TINY)).settings("s", **changes)
