"""The stages of NSROM in a row, on four tiny scenes, each with exactly the settings that the workflow gives it."""

import csv
import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from outages import EndsEarly, Outage

from wsss.artifacts import check_folder
from wsss.checkpoints import CheckpointError, load_checkpoint
from wsss.class_maps import quantise, resize_attention
from wsss.config import load_config
from wsss.data import read_classes, read_images, read_masks, read_picture, squash
from wsss.data_checks import check_images, check_masks, check_saliency
from wsss.label_folder import write_labels
from wsss.label_io import read_gray, read_label, write_label
from wsss.map_io import read_maps, write_maps
from wsss.nsrom.label_stages import initial_label, masked_label, pseudo_label
from wsss.nsrom.labels import fuse_saliency, mask_nonsalient_region
from wsss.nsrom.network import build_network, identity
from wsss.nsrom.stages import export_maps, train_classifier, train_integral
from wsss.openmoji import build
from wsss.progress import Progress
from wsss.quality import stage_quality
from wsss.resuming import SavedState
from wsss.variants import Plan

SIZE, CLASSES = 65, 20
TINY = {
    "classifier": {"image_size": SIZE, "epochs": 2, "batch_size": 2, "nodes": 4},
    "integral": {"epochs": 1, "batch_size": 2},
    "fusion": {"minimum_foreground": 0.0},
    "masking": {"minimum_foreground": 0.0},
    "experiments": {"nsrom": {"label": "NSROM"}},
}


def settings_of(stage: str, **changes) -> dict:
    plan = Plan(load_config(TINY))
    return plan.variant(stage, plan.settings("nsrom", **changes)).relevant


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A checked data set of four scenes."""
    root = tmp_path_factory.mktemp("openmoji")
    build(root / "data", size=SIZE, train=4, val=1)
    check_images(root / "data", root / "images.csv", ["train"])
    listed = read_images(root / "images.csv", root / "data" / "classes.txt", "train")
    check_saliency(listed, root / "data" / "Saliency", root / "saliency.csv")
    check_masks(root / "data", root / "masks.csv", ["train"])
    return root


@pytest.fixture(scope="module")
def pictures(data):
    return read_images(data / "images.csv", data / "data" / "classes.txt", "train", data / "saliency.csv")


def classifier(pictures, folder: Path, workers: int = 1, progress: Progress | None = None, **more) -> Path:
    train_classifier(
        pictures,
        CLASSES,
        settings_of("classifier"),
        seed=0,
        checkpoint=folder / "model.safetensors",
        attention=folder / "attention",
        manifest=folder / "attention.csv",
        history=folder / "history.csv",
        progress=progress or quiet(),
        workers=workers,
        **more,
    )
    return folder


def exported(pictures, folder: Path, *, integral: bool, checkpoint: Path, progress=None, key=None, **changes) -> Path:
    export_maps(
        pictures,
        CLASSES,
        settings_of("integral_cams" if integral else "cams", **changes),
        integral=integral,
        checkpoint=checkpoint,
        folder=folder / "maps",
        manifest=folder / "maps.csv",
        progress=progress or quiet(),
        key=key,
    )
    check_folder(folder / "maps", folder / "maps.csv", [p.image_id for p in pictures])
    return folder / "maps"


@pytest.fixture(scope="module")
def chain(pictures, tmp_path_factory) -> dict[str, Path]:
    """Classifier, integral attention model, and the maps of both."""
    root = tmp_path_factory.mktemp("chain")
    first = classifier(pictures, root / "classifier")
    train_integral(
        pictures,
        CLASSES,
        settings_of("integral"),
        seed=0,
        attention=first / "attention",
        checkpoint=root / "integral.safetensors",
        history=root / "integral.csv",
        progress=quiet(),
    )
    return {
        "classifier": first,
        "integral": root / "integral.safetensors",
        "cam": exported(pictures, root / "cams", integral=False, checkpoint=first / "model.safetensors"),
        "oa_cam": exported(pictures, root / "oa_cams", integral=True, checkpoint=root / "integral.safetensors"),
    }


def labels(make, pictures, folder: Path, processes: int = 1) -> dict[str, np.ndarray]:
    write_labels(make, pictures, folder / "labels", folder / "labels.csv", progress=quiet(), processes=processes)
    check_folder(folder / "labels", folder / "labels.csv", [p.image_id for p in pictures])
    return {p.image_id: read_label(folder / "labels" / f"{p.image_id}.png") for p in pictures}


def test_the_scenes_are_of_both_kinds(pictures):
    assert {p.kind for p in pictures} == {"simple", "complex"}


def test_every_class_of_every_picture_has_an_accumulated_map(pictures, chain):
    folder = chain["classifier"] / "attention"
    check_folder(folder, chain["classifier"] / "attention.csv", [p.image_id for p in pictures])
    for picture in pictures:
        maps = read_maps(folder / f"{picture.image_id}.png", picture.classes)
        assert list(maps) == list(picture.classes)
        for values in maps.values():
            assert values.shape == (5, 5) and values.dtype == np.uint8
            assert values.max() in (0, 255)
    assert any(read_gray(folder / f"{p.image_id}.png").any() for p in pictures)


def test_the_classifier_is_bit_identical_with_any_number_of_workers(pictures, chain, tmp_path):
    again = classifier(pictures, tmp_path, workers=3)
    for name in ("model.safetensors", "attention.csv", "history.csv"):
        assert (again / name).read_bytes() == (chain["classifier"] / name).read_bytes(), name


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_an_interrupted_classifier_ends_with_the_same_bits_and_attention(pictures, chain, tmp_path, steps):
    """Two epochs of two steps; attention accumulates in the second."""
    with pytest.raises(Outage):
        classifier(pictures, tmp_path, progress=EndsEarly(steps, "steps"), state=SavedState(tmp_path / "s", "key", 0))
    progress = quiet()
    again = classifier(pictures, tmp_path, progress=progress, state=SavedState(tmp_path / "s", "key", 0))
    # A yielded step counts as done when the next one is asked for, and the last one leaves nothing to save.
    assert f"goes on after step {min(steps, 3)}" in progress.log.getvalue()
    for name in ("model.safetensors", "attention.csv", "history.csv"):
        assert (again / name).read_bytes() == (chain["classifier"] / name).read_bytes(), name


def test_an_interrupted_export_goes_on_to_the_same_bytes(pictures, chain, tmp_path):
    four = {"checkpoint": chain["classifier"] / "model.safetensors", "integral": False, "key": "a" * 64}
    one_at_a_time = {"classifier.batch_size": 1}
    first = exported(pictures, tmp_path / "first", **four, **one_at_a_time)
    with pytest.raises(Outage):
        exported(pictures, tmp_path / "again", **four, **one_at_a_time, progress=EndsEarly(3, "batches"))
    (kept,) = (tmp_path / "again").glob("*.partial")
    times = {f.name: f.stat().st_mtime_ns for f in kept.iterdir()}
    assert len(times) == 3
    again = exported(pictures, tmp_path / "again", **four, **one_at_a_time)
    assert {f.name: f.read_bytes() for f in again.iterdir()} == {f.name: f.read_bytes() for f in first.iterdir()}
    assert {name: (again / name).stat().st_mtime_ns for name in times} == times
    assert sorted(f.name for f in (tmp_path / "again").iterdir()) == ["maps", "maps.csv"]


def test_histories(chain):
    for path, epochs in ((chain["classifier"] / "history.csv", 2), (chain["integral"].with_suffix(".csv"), 1)):
        with open(path, newline="") as stream:
            losses = [float(row["loss"]) for row in csv.DictReader(stream)]
        assert len(losses) == epochs and all(0 < v < 100 for v in losses)


def test_exported_maps(pictures, chain):
    """At scale 1.5 of 65 px, on the grid of stride 16: 7 × 7 cells."""
    assert settings_of("cams")["cam.scales"] == [1.5]
    for name in ("cam", "oa_cam"):
        for picture in pictures:
            maps = read_maps(chain[name] / f"{picture.image_id}.png", picture.classes)
            assert all(m.shape == (7, 7) and m.max() in (0, 254, 255) for m in maps.values())
    differ = [read_gray(chain["cam"] / f"{p.image_id}.png") != read_gray(chain["oa_cam"] / f"{p.image_id}.png")
              for p in pictures]  # fmt: skip
    assert any(d.any() for d in differ)


def test_export_needs_the_network_of_its_own_kind(pictures, chain, tmp_path):
    with pytest.raises(CheckpointError, match="'classifier', but 'integral attention model'"):
        exported(pictures, tmp_path, integral=True, checkpoint=chain["classifier"] / "model.safetensors")
    with pytest.raises(CheckpointError, match="nodes '4', but '8'"):
        exported(
            pictures,
            tmp_path,
            integral=False,
            checkpoint=chain["classifier"] / "model.safetensors",
            **{"classifier.nodes": 8},
        )
    assert list(tmp_path.iterdir()) == []


def test_several_scales_are_averaged_on_the_finest_grid(pictures, chain, tmp_path):
    checkpoint = chain["classifier"] / "model.safetensors"
    maps = exported(pictures[:1], tmp_path, integral=False, checkpoint=checkpoint, **{"cam.scales": [1.0, 2.0]})
    values = read_maps(maps / f"{pictures[0].image_id}.png", pictures[0].classes)
    assert all(m.shape == (9, 9) for m in values.values())


@pytest.mark.parametrize("aligned", [True, False])
def test_scales_are_laid_on_each_other_as_the_setting_says(pictures, chain, tmp_path, aligned):
    checkpoint, picture = chain["classifier"] / "model.safetensors", pictures[0]
    changes = {"cam.scales": [1.0, 2.0], "cam.align_corners": aligned}
    folder = exported([picture], tmp_path, integral=False, checkpoint=checkpoint, **changes)
    written = read_maps(folder / f"{picture.image_id}.png", picture.classes)
    network = build_network(settings_of("cams"), CLASSES, integral=False, pretrained=False)
    load_checkpoint(checkpoint, network, identity(settings_of("cams"), CLASSES, integral=False))
    single = []
    for size in (65, 129):
        image = torch.from_numpy(squash(read_picture(picture.path), size, aligned=aligned))[None]
        with torch.inference_mode():
            single.append(network.eval()(network.backbone.normalise(image)).relu())
    coarse = torch.nn.functional.interpolate(single[0], (9, 9), mode="bilinear", align_corners=aligned)
    mean = ((coarse + single[1]) / 2)[0].numpy()
    for c in picture.classes:
        assert np.abs(written[c].astype(int) - quantise(mean[c - 1])).max() <= 1


def test_labels_from_maps_to_the_second_round(pictures, chain, tmp_path):
    settings = settings_of("initial_labels")
    initial = labels(partial(initial_label, maps=chain["oa_cam"], settings=settings), pictures, tmp_path / "initial")
    make = partial(
        pseudo_label, initial=tmp_path / "initial" / "labels", maps=chain["cam"], settings=settings_of("pseudo_labels")
    )
    mined = labels(make, pictures, tmp_path / "mined")
    for picture in pictures:
        for label in (initial[picture.image_id], mined[picture.image_id]):
            assert label.shape == (picture.height, picture.width)
            assert set(np.unique(label)) <= {0, 255, *picture.classes}
        # Mining turns background into 255 and changes nothing else.
        changed = initial[picture.image_id] != mined[picture.image_id]
        assert (mined[picture.image_id][changed] == 255).all()
    by_hand = pictures[0]
    maps = read_maps(chain["oa_cam"] / f"{by_hand.image_id}.png", by_hand.classes)
    full = {c: resize_attention(m, (SIZE, SIZE), aligned=True) for c, m in maps.items()}
    assert np.array_equal(initial[by_hand.image_id], fuse_saliency(full, read_gray(by_hand.saliency)))


@pytest.mark.parametrize("mined", [True, False])
def test_a_tiny_object_is_dropped_before_the_first_round_and_not_before_mining(pictures, chain, tmp_path, mined):
    """One with .9 % of the picture, and one with 1.1 %.  POM looks inside the object, so it needs the label."""
    changes = {"mining.enabled": mined, "fusion.minimum_foreground": 0.01}
    settings = settings_of("pseudo_labels", **changes)
    (tmp_path / "initial").mkdir()
    for picture, pixels in zip(pictures, (38, 46), strict=False):
        label = np.zeros(SIZE * SIZE, np.uint8)
        label[:pixels] = picture.classes[0]
        write_label(tmp_path / "initial" / f"{picture.image_id}.png", label.reshape(SIZE, SIZE))
        maps = {"initial": tmp_path / "initial", "maps": chain["cam" if mined else "oa_cam"]}
        found = pseudo_label(picture, settings=settings, **maps)
        if pixels == 38:
            assert (found == 255).all()
        else:
            assert (found[0] == label[:SIZE]).sum() >= pixels and (found == 255).any() == mined
    assert "fusion.minimum_foreground" not in settings_of("initial_labels", **changes)


def test_labels_do_not_depend_on_the_number_of_processes(pictures, chain, tmp_path):
    make = partial(initial_label, maps=chain["oa_cam"], settings=settings_of("initial_labels"))
    labels(make, pictures, tmp_path / "one")
    labels(make, pictures, tmp_path / "two", processes=2)
    assert (tmp_path / "one" / "labels.csv").read_bytes() == (tmp_path / "two" / "labels.csv").read_bytes()


@pytest.fixture
def first_round(pictures, tmp_path):
    """Predictions and labels of the first round with an object in a corner."""
    for name, corner in (("predictions", 1), ("labels", 3)):
        (tmp_path / name).mkdir()
        for picture in pictures:
            label = np.zeros((SIZE, SIZE), np.uint8)
            label[:6, corner * 15 : corner * 15 + 6] = picture.classes[0]
            write_label(tmp_path / name / f"{picture.image_id}.png", label)
    return {"predictions": tmp_path / "predictions", "labels": tmp_path / "labels"}


@pytest.mark.parametrize("changes", [
    {}, {"masking.images": "all"}, {"masking.expand": False}, {"masking.mask": False}, {"masking.kernel": 1}
])  # fmt: skip
def test_masking_in_all_its_forms(pictures, first_round, tmp_path, changes):
    make = partial(masked_label, settings=settings_of("masked_labels", **changes), **first_round)
    masked = labels(make, pictures, tmp_path / "masked")
    for picture in pictures:
        prediction, mined = (read_label(first_round[n] / f"{picture.image_id}.png") for n in ("predictions", "labels"))
        if picture.kind == "simple" and not changes.get("masking.images"):
            expected = prediction
        else:
            chosen = {k.removeprefix("masking."): v for k, v in {"masking.kernel": 10, **changes}.items()}
            chosen.pop("images", None)
            expected = mask_nonsalient_region(prediction, mined, read_gray(picture.saliency), **chosen)
        assert np.array_equal(masked[picture.image_id], expected)


def test_stage_quality_has_a_row_per_stage(data, pictures, chain, tmp_path):
    masks = read_masks(data / "masks.csv")
    (tmp_path / "truth").mkdir()
    for picture in pictures:
        write_label(tmp_path / "truth" / f"{picture.image_id}.png", read_label(masks[picture.image_id]))
    stages = {"cam": chain["cam"], "oa_cam": chain["oa_cam"], "initial": tmp_path / "truth"}
    count = len(read_classes(data / "data" / "classes.txt"))
    stage_quality(pictures, masks, stages, count, tmp_path / "quality.csv", quiet(), aligned=True)
    with open(tmp_path / "quality.csv", newline="") as stream:
        rows = {row["stage"]: row for row in csv.DictReader(stream)}
    assert list(rows) == list(stages)
    assert float(rows["initial"]["miou"]) == float(rows["initial"]["coverage"]) == 1
    assert 0 <= float(rows["cam"]["miou"]) < 0.9


def test_map_files(tmp_path):
    maps = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
    write_maps(tmp_path / "a.png", maps)
    read = read_maps(tmp_path / "a.png", (2, 7, 9))
    assert list(read) == [2, 7, 9]
    assert all(np.array_equal(a, b) for a, b in zip(read.values(), maps, strict=True))
    with pytest.raises(ValueError, match=r"a\.png is 12 px high, not a multiple of its image's 5 classes"):
        read_maps(tmp_path / "a.png", (1, 2, 3, 4, 5))
