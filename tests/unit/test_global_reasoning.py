"""The global reasoning unit."""

import numpy as np
import pytest
import torch

from wsss.backbones import build_backbone
from wsss.nsrom.global_reasoning import GlobalReasoning
from wsss.nsrom.network import ActivationNetwork

# Our parameter names and those of the published code.
NAMES = {
    "reduce": "conv_state",
    "assign": "conv_proj",
    "adjacency": "gcn.conv1",
    "update": "gcn.conv2",
    "extend": "conv_extend",
    "norm": "blocker",
}


def published_state(data):
    """Rename the stored state of the published unit."""
    state = {}
    for ours, theirs in NAMES.items():
        prefix = f"state_dict/{theirs}."
        for key in data:
            if key.startswith(prefix):
                state[f"{ours}.{key.removeprefix(prefix)}"] = torch.from_numpy(data[key])
    return state


@pytest.mark.parametrize("form", ["code", "paper"])
def test_unit_by_its_equations(form):
    torch.manual_seed(0)
    unit = GlobalReasoning(6, 2, form=form).double().eval()
    features = torch.randn(1, 6, 3, 4, dtype=torch.float64)
    flat = features[0].flatten(1)  # (channels, L)

    def convolve(layer, values):
        bias = 0 if layer.bias is None else layer.bias[:, None]
        return layer.weight.flatten(1) @ values + bias

    b = convolve(unit.assign, flat)  # (nodes, L)
    v = b @ convolve(unit.reduce, flat).T  # (nodes, states)
    a = unit.adjacency.weight[:, :, 0]
    w = unit.update.weight[:, :, 0].T
    if form == "code":
        z = torch.relu(v + a @ v + unit.adjacency.bias[:, None]) @ w
    else:
        z = (torch.eye(2, dtype=torch.float64) - a) @ v @ w
    y = convolve(unit.extend, z.T @ b).view(1, 6, 3, 4)
    torch.testing.assert_close(unit(features), features + unit.norm(y))


def test_unit_has_as_many_parameters_as_published():
    assert sum(p.numel() for p in GlobalReasoning(512, 64).parameters()) == (
        (512 * 64 + 64) + (512 * 128 + 128) + (64 * 64 + 64) + 128 * 128 + 128 * 512 + 2 * 512
    )


def test_the_classifiers_unit_starts_as_published():
    """N(0, √(2/(k²·out))) and no bias for every Conv2d; the framework's U(±1/√in) for the unit's two Conv1d."""
    torch.manual_seed(0)
    backbone = build_backbone("vgg16", output_stride=8, pretrained=False)
    form = {"head": "convolutions", "width": 512, "nodes": 64}
    unit = ActivationNetwork(backbone, 20, integral=False, **form).reasoning
    stds = {"adjacency": 1 / (3 * 64) ** 0.5, "update": 1 / (3 * 128) ** 0.5}  # .072, .051
    stds |= {"assign": (2 / 64) ** 0.5, "reduce": (2 / 128) ** 0.5, "extend": (2 / 512) ** 0.5}
    for name, std in stds.items():
        weight = getattr(unit, name).weight
        assert weight.std().item() == pytest.approx(std, rel=0.03), name
        assert (weight.abs().max() <= 3**0.5 * std) == isinstance(getattr(unit, name), torch.nn.Conv1d)
    assert unit.adjacency.bias.abs().max() > 0
    assert (unit.assign.bias == 0).all() and (unit.reduce.bias == 0).all()
    assert (unit.norm.weight == 1).all()


@pytest.mark.parametrize(("arguments", "form", "words"), [((0, 4), "code", "channels"), ((4, 4), "both", "form")])
def test_unit_refuses_bad_settings(arguments, form, words):
    with pytest.raises(ValueError, match=words):
        GlobalReasoning(*arguments, form=form)


def test_unit_equals_the_published_one(golden):
    files = sorted((golden / "glore").glob("glore_*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        for suffix, kind, tolerance in (("", torch.float32, 1e-5), ("_f64", torch.float64, 1e-12)):
            unit = GlobalReasoning(int(data["num_in"]), int(data["num_mid"]))
            unit.load_state_dict(published_state(data))
            unit = unit.to(kind)
            features = torch.from_numpy(data["input"]).to(kind)
            for mode in ("eval", "train"):
                unit.train(mode == "train")
                expected = data[f"output_{mode}{suffix}"]
                obtained = unit(features).detach().numpy()
                np.testing.assert_allclose(obtained, expected, rtol=tolerance, atol=tolerance, err_msg=file.name)
            for key in ("running_mean", "running_var", "num_batches_tracked"):
                expected = data[f"after_train/blocker.{key}"]
                np.testing.assert_allclose(getattr(unit.norm, key), expected, rtol=1e-5, atol=1e-5)
