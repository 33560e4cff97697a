"""Checkpoints: weights with the identity of their network."""

import pytest
import torch
from safetensors import safe_open

from wsss.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from wsss.config import Config, science_leaves
from wsss.nsrom import network as nsrom
from wsss.segmentation import build_segmentation
from wsss.segmentation import identity as segmentation_identity

SETTINGS = science_leaves(Config())
IDENTITY = {"network": "classifier", "backbone": "vgg16"}


def layers(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    net[1].running_mean += seed + 1
    return net.to(memory_format=torch.channels_last)


@pytest.fixture
def checkpoint(tmp_path):
    save_checkpoint(tmp_path / "model.safetensors", layers(0), IDENTITY)
    return tmp_path / "model.safetensors"


def refused(path, identity) -> str:
    other = layers(1)
    before = {k: v.clone() for k, v in other.state_dict().items()}
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, other, identity)
    assert all(torch.equal(v, before[k]) for k, v in other.state_dict().items())
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message


def test_parameters_and_buffers_come_back(checkpoint):
    other = layers(1)
    load_checkpoint(checkpoint, other, IDENTITY)
    expected = layers(0).state_dict()
    assert all(torch.equal(v, expected[k]) for k, v in other.state_dict().items())
    with safe_open(checkpoint, framework="pt") as stored:
        assert stored.metadata() == IDENTITY
    assert [p.name for p in checkpoint.parent.iterdir()] == ["model.safetensors"]


def test_a_checkpoint_of_another_backbone(checkpoint):
    message = refused(checkpoint, IDENTITY | {"backbone": "efficientnet_lite0"})
    assert "backbone 'vgg16'" in message and "'efficientnet_lite0' is configured" in message
    assert "train again" in message


def test_a_checkpoint_that_does_not_say_what_it_is(tmp_path):
    save_checkpoint(tmp_path / "model.safetensors", layers(0), {})
    assert "network 'unknown'" in refused(tmp_path / "model.safetensors", IDENTITY)


def test_equal_networks_give_equal_bytes(tmp_path):
    """The order in which the library writes metadata is random, so several attempts are needed to see it."""
    for _ in range(8):
        save_checkpoint(tmp_path / "again.safetensors", layers(0), IDENTITY | {"classes": "20", "nodes": "32"})
        save_checkpoint(tmp_path / "twice.safetensors", layers(0), {"nodes": "32", "classes": "20"} | IDENTITY)
        assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "twice.safetensors").read_bytes()


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_checkpoint(checkpoint, kept):
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: int(len(data) * kept)])
    assert "cannot be read as a checkpoint" in refused(checkpoint, IDENTITY)


def test_a_missing_checkpoint(tmp_path):
    assert "cannot be read" in refused(tmp_path / "model.safetensors", IDENTITY)


def test_networks_tell_themselves_apart():
    """Every setting that changes a network's parameters is in its identity."""
    classifier = nsrom.identity(SETTINGS, 20, integral=False)
    assert classifier != nsrom.identity(SETTINGS, 20, integral=True)
    assert classifier != nsrom.identity(SETTINGS, 19, integral=False)
    for key, value in {
        "classifier.backbone": "vgg16",
        "classifier.head": "convolutions",
        "classifier.nodes": 16,
        "classifier.global_reasoning": False,
    }.items():
        assert nsrom.identity(SETTINGS | {key: value}, 20, integral=False) != classifier, key
    for key, value in {
        "segmentation.backbone": "resnet101",
        "segmentation.rates": [6, 12],
        "segmentation.decoder_width": None,
    }.items():
        assert segmentation_identity(SETTINGS | {key: value}, 21) != segmentation_identity(SETTINGS, 21), key


def test_a_network_with_other_settings_is_refused_by_name(tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, build_segmentation(SETTINGS, 3, pretrained=False), segmentation_identity(SETTINGS, 3))
    other = SETTINGS | {"segmentation.backbone": "vgg16", "segmentation.output_stride": 8}
    with pytest.raises(CheckpointError, match="backbone 'efficientnet_lite0', but 'vgg16'"):
        load_checkpoint(path, torch.nn.Identity(), segmentation_identity(other, 3))
