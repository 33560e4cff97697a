"""Weights from elsewhere, in real runs: what is missing is named, what is there is never replaced."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from checkouts import TINY, Checkout, copy_repository
from deeplab_names import published

from wsss.artifacts import sha256
from wsss.backbones import resnet101_caffe
from wsss.deeplab import DeepLabV2

RELEASED = {
    "segmentation": {
        "backbone": "resnet101",
        "init": "coco",
        "output_stride": 8,
        "rates": [6, 12, 18, 24],
        "decoder_width": None,
        "checkpoint": "theirs.pth",
    },
    "experiments": {"released": {"label": "released", "set": {"segmentation.supervision": "checkpoint"}}},
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    copy_repository(tmp_path)
    (tmp_path / "released.yaml").write_text(yaml.safe_dump(RELEASED))
    return Checkout(tmp_path, (TINY, "released.yaml"))


def test_a_missing_checkpoint_is_asked_for(checkout: Checkout):
    sentence = "data/weights/theirs.pth is missing and no address of it is known: put it there"
    assert sentence in checkout.snakemake("--dry-run", "evaluate_released").stdout
    run = checkout.snakemake("evaluate_released", check=False)
    assert run.returncode
    assert sentence in run.stdout and "Traceback" not in run.stdout
    assert not checkout.results.exists()  # it was asked for before anything else was made
    assert not (checkout.folder / "data").exists() or list((checkout.folder / "data").rglob("*.pth")) == []


def test_a_released_checkpoint_is_scored_without_training(checkout: Checkout):
    torch.manual_seed(0)
    (checkout.folder / "data/weights").mkdir(parents=True)
    theirs = checkout.folder / "data/weights/theirs.pth"
    torch.save(published(DeepLabV2(resnet101_caffe(), 21, rates=[6, 12, 18, 24])), theirs)
    before = theirs.stat().st_mtime_ns
    assert checkout.dry_run("evaluate_released", "--forceall") == {
        "build_openmoji": 1, "check_images": 1, "check_masks": 1, "convert_checkpoint": 1, "evaluate": 1,
        "evaluate_released": 1,
    }  # fmt: skip
    checkout.snakemake("evaluate_released")
    report = json.loads((checkout.results / "evaluation/supervision-checkpoint/seed-0/metrics.json").read_text())
    assert report["images"] == 6
    assert theirs.stat().st_mtime_ns == before
    assert checkout.dry_run("evaluate_released") == {}


def test_weights_that_were_put_there_have_the_configured_checksum(checkout: Checkout):
    own = checkout.folder / "data/weights/own.pth"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"whatever it is")
    network = {"classifier": {"backbone": "vgg16", "output_stride": 8}, "cam": {"align_corners": False}}
    weights = {"vgg16": "own.pth", "files": {"own.pth": {"sha256": "0" * 64}}}
    (checkout.folder / "own.yaml").write_text(yaml.safe_dump({**network, "weights": weights}))
    run = checkout.with_config(TINY, "own.yaml").snakemake(
        "results/tiny/classifier/default/seed-0/model.safetensors", check=False
    )
    assert run.returncode
    assert f"data/weights/own.pth has the sha256 {sha256(own)}… instead of {'0' * 64}…: it is damaged or" in run.stdout
    assert "Traceback" not in run.stdout and own.read_bytes() == b"whatever it is"


def test_trainings_declare_the_weights_that_they_start_from(checkout: Checkout):
    jobs = checkout.with_config("config/voc2012.yaml").jobs("evaluate_nsrom", "evaluate_nsrom_imagenet")
    starts = {(j.rule, f) for j in jobs for f in j.inputs if f.startswith("data/weights/")}
    assert starts == {
        ("train_classifier", "data/weights/vgg16-397923af.pth"),
        ("train_integral", "data/weights/vgg16-397923af.pth"),
        ("convert_weights", "data/weights/deeplabv1_resnet101-coco.pth"),
        ("train_segmentation", "data/weights/deeplabv1_resnet101-coco.safetensors"),
        ("train_segmentation", "data/weights/resnet101-63fe2227.pth"),
    }
    assert sum(j.rule == "fetch_weights" for j in jobs) == 3


def test_resnet38_starts_from_its_mxnet_file(checkout: Checkout):
    network = {"classifier": {"backbone": "resnet38", "output_stride": 8}}
    (checkout.folder / "wide.yaml").write_text(yaml.safe_dump(network))
    wide = checkout.with_config(TINY, "wide.yaml")
    target = next(f for j in wide.jobs("evaluate_generic_c41") for f in j.outputs if "image_classifier" in f)
    jobs = {j.rule: j for j in wide.jobs(target)}
    published = "data/weights/ilsvrc-cls_rna-a1_cls1000_ep-0001"
    assert f"{published}.safetensors" in jobs["train_image_classifier"].inputs
    assert f"{published}.params" in jobs["convert_resnet38"].inputs
    run = wide.snakemake(target, check=False)
    assert run.returncode
    assert f"{published}.params is missing and no address of it is known: put it there" in run.stdout
