"""DeepLab-v2 and its training against the reference vectors of deeplab-pytorch, whose key names are converted."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from wsss.backbones import resnet101_caffe
from wsss.config import Config, science_leaves
from wsss.deeplab import DeepLabV2, multi_scale_logits, multi_scale_loss
from wsss.resampling import resize_labels, scale_input
from wsss.training import freeze_norms, learning_rate_factor, parameter_groups
from wsss.weights import convert_checkpoint, our_name

OPTIMISER = {
    k.removeprefix("segmentation.optimiser."): v
    for k, v in science_leaves(Config()).items()
    if k.startswith("segmentation.optimiser.")
}
PUBLISHED = {"name": "sgd", "learning_rate": 2.5e-4, "new_layer_factor": 10.0, "bias_factor": 2.0}
PUBLISHED |= {"weight_decay": 5e-4, "bias_decay": 0.0, "warmup": 0.0, "schedule": "poly", "update_every": 10}


def small_network(golden, stored) -> DeepLabV2:
    """Of the stored state's width; the small copy has rates of its own, which its small maps tell apart."""
    width, classes = len(stored["state_dict/layer1.conv1.conv.weight"]), len(stored["state_dict/aspp.c0.bias"])
    forward = np.load(golden / "deeplab" / "deeplab_forward.npz")
    rates = forward["atrous_rates"].tolist() if "atrous_rates" in forward else [6, 12, 18, 24]
    return DeepLabV2(resnet101_caffe(width=width, blocks=(1, 1, 1, 1)), classes, rates=rates)


@pytest.fixture(scope="module")
def network(golden, tmp_path_factory) -> DeepLabV2:
    """The reference network, by way of a ``.pth`` file with the wrapper's prefix."""
    folder = tmp_path_factory.mktemp("deeplab")
    stored = np.load(golden / "deeplab" / "deeplab_state.npz")
    tensors = {f"base.{k.removeprefix('state_dict/')}": torch.from_numpy(v) for k, v in stored.items()}
    assert sorted(tensors) == sorted(json.loads((golden / "deeplab" / "keys.json").read_text())["msc_keys"])
    torch.save(tensors, folder / "checkpoint.pth")
    convert_checkpoint(folder / "checkpoint.pth", folder / "model.safetensors", small_network(golden, stored), {})
    network = small_network(golden, stored)
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network


def close(found: torch.Tensor, expected: np.ndarray) -> None:
    tolerance = {"rtol": 1e-10, "atol": 1e-10} if expected.dtype == np.float64 else {"rtol": 1e-4, "atol": 5e-5}
    np.testing.assert_allclose(found.detach().numpy(), expected, **tolerance)


@pytest.fixture(params=["", "_f64"])
def precise(request, network):
    """The network in single and double precision, with the ending of the arrays' names."""
    yield network.double() if request.param else network.float(), request.param
    network.float()


def test_network(golden, precise):
    network, ending = precise
    data = np.load(golden / "deeplab" / "deeplab_forward.npz")
    x = torch.from_numpy(data["input"]).to(next(network.parameters()).dtype)
    with torch.inference_mode():
        close(network.eval()(x), data[f"base_logits_eval{ending}"])


@pytest.mark.parametrize("variant", ["default", "recompute"])
def test_multi_scale(golden, precise, variant):
    network, ending = precise
    data = np.load(golden / "deeplab" / "deeplab_forward.npz")
    x = torch.from_numpy(data["input"]).to(next(network.parameters()).dtype)
    recompute = {"recompute_scale_factor": variant == "recompute"}
    for scale in (0.5, 0.75):
        name = f"scaled_input_{variant}_{scale}"
        close(scale_input(x.float(), scale, **recompute), data[name])
    with torch.inference_mode():
        close(multi_scale_logits(network.eval(), x, **recompute)[-1], data[f"msc_eval_{variant}{ending}"])
        network.train()
        freeze_norms(network)
        outputs = multi_scale_logits(network, x, **recompute)
    assert len(outputs) == 4
    close(outputs[0], data[f"msc_train_default_0{ending}"])
    for number in (1, 2, 3):
        close(outputs[number], data[f"msc_train_{variant}_{number}{ending}"])


def test_the_two_variants_differ(golden):
    data = np.load(golden / "deeplab" / "deeplab_forward.npz")
    assert np.abs(data["msc_eval_default"] - data["msc_eval_recompute"]).max() > 1e-3


def test_training_step(golden, precise):
    network, ending = precise
    data = np.load(golden / "deeplab" / "deeplab_train_step.npz")
    network.train()
    freeze_norms(network)
    network.requires_grad_(True)  # the reference has gradients of the norms' parameters too
    network.zero_grad()
    x = torch.from_numpy(data["input"]).to(next(network.parameters()).dtype)
    labels = torch.from_numpy(data["labels"])
    outputs = multi_scale_logits(network, x, recompute_scale_factor=False)
    for output, expected in zip(outputs, data[f"loss_per_output{ending}"], strict=True):
        assert multi_scale_loss([output], labels).item() == pytest.approx(expected, rel=1e-5)
    loss = multi_scale_loss(outputs, labels) / 2
    assert loss.item() == pytest.approx(data[f"iter_loss{ending}"].item(), rel=1e-10 if ending else 1e-5)
    loss.backward()
    gradients = {k: p.grad for k, p in network.named_parameters()}
    names = [our_name(str(n)) for n in data["grad_norm_names"]]
    assert sorted(names) == sorted(gradients)
    found = [gradients[n].norm().item() for n in names]
    np.testing.assert_allclose(found, data[f"grad_norm{ending}"], rtol=1e-8 if ending else 1e-3)
    for key in ("base.aspp.c0.bias", "base.layer1.conv1.conv.weight"):
        np.testing.assert_allclose(gradients[our_name(key)].numpy(), data[f"grad/{key}"], rtol=1e-3, atol=1e-5)


def test_parameter_groups(golden, network):
    published = json.loads((golden / "deeplab" / "param_groups.json").read_text())
    network.train()
    network.requires_grad_(True)
    freeze_norms(network)
    names = {id(p): k for k, p in network.named_parameters()}
    groups = parameter_groups(network, OPTIMISER | PUBLISHED)
    found = {round(g["base_lr"] / 2.5e-4): sorted(names[id(p)] for p in g["params"]) for g in groups}
    assert found == {n: sorted(map(our_name, published["groups"][f"{n}x"])) for n in (1, 10, 20)}
    assert [g["weight_decay"] for g in groups] == [5e-4, 5e-4, 0.0]
    grouped = {n for group in found.values() for n in group}
    assert set(names.values()) - grouped == set(map(our_name, published["not_in_any_group"]))


@pytest.mark.parametrize("file", ["poly_lr.npz", "poly_lr_2.npz"])
def test_learning_rate_at_every_iteration(golden, file):
    data = np.load(golden / "deeplab" / file)
    total, every = int(data["iter_max"]), int(data["step_size"])
    settings = OPTIMISER | PUBLISHED | {"power": float(data["power"]), "update_every": every}
    factors = [learning_rate_factor(step, total, 1, settings) for step in range(total)]
    np.testing.assert_allclose(np.outer(factors, data["base_lr"]), data["lr_used"][:total], rtol=1e-12)


def test_resized_labels(golden):
    """The published call exchanges height and width, which only shows where crops are not square."""
    data = np.load(golden / "deeplab" / "resize_labels.npz")
    sizes = [name for name in data.files if "size" in name]
    assert len(sizes) >= 8
    for name in sizes:
        width, height = map(int, name.split("_")[1:])
        labels = torch.from_numpy(data[f"{name.split('/')[0]}/labels"])
        np.testing.assert_array_equal(resize_labels(labels, (height, width)).numpy(), data[name])
