"""Backbones: shapes, where feature cells lie, and the published network of the classifier."""

import copy
import json

import numpy as np
import pytest
import torch
from torch import nn

from wsss.backbones import build_backbone, resnet101_dilated, vgg16_dilated
from wsss.classification import classification_loss, image_scores
from wsss.nsrom.network import ActivationNetwork
from wsss.training import parameter_groups

BACKBONES = [
    ("efficientnet_lite0", 8),
    ("efficientnet_lite0", 16),
    ("efficientnet_lite0", 32),
    ("vgg16", 8),
    ("resnet101", 8),
    ("resnet101", 16),
    ("resnet101", 32),
    ("resnet38", 8),
]
CHANNELS = {
    "efficientnet_lite0": [32, 16, 24, 40, 80, 112, 192, 320, 1280],
    "vgg16": [64, 128, 256, 512, 512],
    "resnet101": [64, 256, 512, 1024, 2048],
    "resnet38": [64, 128, 256, 512, 1024, 2048, 4096],
}
FULL_STRIDES = {
    "efficientnet_lite0": [2, 2, 4, 8, 16, 16, 32, 32, 32],
    "resnet101": [4, 4, 8, 16, 32],
    "resnet38": [1, 2, 4, 8, 8, 8, 8],
}


@pytest.fixture(scope="module")
def built():
    """Every backbone with random weights, in evaluation mode; built once."""
    torch.manual_seed(0)
    return {key: mirrored(build_backbone(key[0], output_stride=key[1], pretrained=False)).eval() for key in BACKBONES}


def mirrored(backbone: nn.Module) -> nn.Module:
    """Makes every kernel its own mirror image, so that the network commutes with mirroring if it is well centred."""
    with torch.no_grad():
        for module in backbone.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.copy_((module.weight + module.weight.flip(2)) / 2)
                module.weight.copy_((module.weight + module.weight.flip(3)) / 2)
    return backbone.double()


def fitting_size(name: str, output_stride: int, cells: int) -> int:
    """The side that ``cells`` + 1 cells fill exactly; VGG's 2×2 pools give one cell less and leave no pixel over."""
    return output_stride * cells + (name != "vgg16")


@pytest.mark.parametrize(("name", "output_stride"), BACKBONES)
def test_shapes_and_strides(built, name, output_stride):
    backbone = built[name, output_stride]
    height, width = fitting_size(name, output_stride, 2), fitting_size(name, output_stride, 3)
    with torch.inference_mode():
        features = backbone(torch.zeros(1, 3, height, width, dtype=torch.float64))
    assert backbone.channels == CHANNELS[name] == [f.shape[1] for f in features]
    full = FULL_STRIDES.get(name, [1, 2, 4, 8, 8])
    assert backbone.strides == [min(s, output_stride) for s in full]
    for feature, stride in zip(features, backbone.strides, strict=True):
        assert feature.shape[2:] == (-(-height // stride), -(-width // stride))


# EfficientNet-Lite0's padding is shifted on purpose, since its trained kernels look up and left.
@pytest.mark.parametrize(("name", "output_stride"), [b for b in BACKBONES if b[0] != "efficientnet_lite0"])
def test_cells_lie_symmetrically_on_the_picture(built, name, output_stride):
    """Cells are ``stride`` px apart, so where they lie follows from the mirrored picture giving the mirrored features.

    On ``stride·k + 1`` px the k + 1 cells are then centred on 0, stride, …; on ``stride·k`` px VGG's k cells are
    centred on (stride - 1) / 2, ….
    """
    backbone = built[name, output_stride]
    size = fitting_size(name, output_stride, 2), fitting_size(name, output_stride, 3)
    x = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.inference_mode():
        plain, turned = backbone(x), backbone(x.flip(2, 3))
    for stage, (a, b) in enumerate(zip(plain, turned, strict=True)):
        asymmetry = (a - b).abs().max()  # of the picture itself
        assert asymmetry > 0, f"stage {stage}"
        assert (a - b.flip(2, 3)).abs().max() < 1e-6 * asymmetry, f"stage {stage}"


@pytest.mark.parametrize(
    ("name", "output_stride", "offset"),
    [("efficientnet_lite0", 16, 12), ("vgg16", 8, 3.5), ("resnet101", 8, 0), ("resnet38", 8, 0)],
)
def test_receptive_fields_are_centred_on_their_cells(built, name, output_stride, offset):
    """The centre of gravity of a cell's gradient is the pixel it stands for, to about a pixel."""
    backbone = copy.deepcopy(built[name, output_stride])
    with torch.no_grad():
        for module in backbone.modules():
            if isinstance(module, nn.Conv2d):
                # Averages: no cancellation, nothing grows, every pixel of the receptive field counts.
                module.weight.abs_()
                module.weight /= module.weight.sum((1, 2, 3), keepdim=True)
                if module.bias is not None:
                    module.bias.zero_()
    size = fitting_size(name, output_stride, 160 // output_stride)
    x = 1e-3 * torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x.requires_grad_()
    # The last stage whose receptive field does not reach the border.
    stage = {"efficientnet_lite0": 4, "vgg16": 4, "resnet101": 2, "resnet38": 2}[name]
    feature = backbone(x)[stage]
    stride, row, column = backbone.strides[stage], feature.shape[2] // 2, feature.shape[3] // 2 - 1
    feature[0, :, row, column].sum().backward()
    weight = x.grad.abs().sum((0, 1))
    assert weight.max() > 0
    pixels = torch.arange(size, dtype=weight.dtype)
    centre = (weight.sum(1) @ pixels / weight.sum()).item(), (weight.sum(0) @ pixels / weight.sum()).item()
    assert centre == pytest.approx((stride * row + offset, stride * column + offset), abs=1)


@pytest.mark.parametrize(("stage", "tolerance"), [(3, 2), (8, 5)])
def test_trained_features_lie_where_the_object_is(stage, tolerance):
    """A disc planted in a picture changes the features around its own cells."""
    backbone = build_backbone("efficientnet_lite0").eval()
    stride = backbone.strides[stage]
    y, x = np.mgrid[:161, :161]
    rng, shifts = np.random.default_rng(0), []
    for _ in range(12):
        row, column = rng.integers(56, 105, 2)
        pictures = np.repeat(rng.integers(0, 256, (1, 161, 161, 3), dtype=np.uint8), 2, axis=0)
        pictures[1, (y - row) ** 2 + (x - column) ** 2 < 12**2] = rng.integers(0, 256, 3)
        with torch.inference_mode():
            without, planted = backbone(backbone.normalise(torch.from_numpy(pictures)))[stage]
        change = (planted - without).square().sum(0)
        cells = torch.arange(change.shape[0]).float() * stride
        centre = change.sum(1) @ cells / change.sum(), change.sum(0) @ cells / change.sum()
        shifts.append((centre[0].item() - row, centre[1].item() - column))
    assert np.abs(np.mean(shifts, axis=0)).max() < tolerance


def test_small_backbone_has_its_published_weights():
    torch.manual_seed(0)
    first, second = (build_backbone("efficientnet_lite0").state_dict() for _ in range(2))
    assert all(torch.equal(v, second[k]) for k, v in first.items())
    other = build_backbone("efficientnet_lite0", pretrained=False).state_dict()
    assert not torch.equal(first["stages.0.0.weight"], other["stages.0.0.weight"])
    assert first["stages.0.1.running_var"].std() > 0


def test_dilation_keeps_the_published_receptive_field():
    """Every second cell at output stride 16 sees what the cell at output stride 32 sees."""
    torch.manual_seed(0)
    coarse = build_backbone("efficientnet_lite0", output_stride=32, pretrained=False).eval()
    dense = build_backbone("efficientnet_lite0", output_stride=16, pretrained=False).eval()
    dense.load_state_dict(coarse.state_dict())
    x = torch.randn(1, 3, 129, 129)
    with torch.inference_mode():
        torch.testing.assert_close(dense(x)[-1][:, :, ::2, ::2], coarse(x)[-1], rtol=1e-3, atol=1e-4)


def test_normalisation():
    backbone = build_backbone("efficientnet_lite0", pretrained=False)
    pictures = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(2, 4, 5, 3)
    x = backbone.normalise(pictures)
    assert x.shape == (2, 3, 4, 5) and x.dtype == torch.float32
    assert x[0, :, 0, 0].tolist() == pytest.approx([-1, -0.6, 1])
    resnet = resnet101_dilated()
    x = resnet.normalise(pictures)
    assert x[0, 0, 0, 0].item() == pytest.approx(-0.485 / 0.229, rel=1e-4)
    assert x[0, 2, 0, 0].item() == pytest.approx((1 - 0.406) / 0.225, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "output_stride", "words"),
    [("alexnet", 16, "choose one of"), ("vgg16", 16, "output stride 16"), ("resnet101", 4, "choose 8, 16 or 32"),
     ("resnet38", 16, "it has 8"),
     ("efficientnet_lite0", 4, "choose 8, 16 or 32")],
)  # fmt: skip
def test_unknown_names_and_strides_are_refused(name, output_stride, words):
    with pytest.raises(ValueError, match=words):
        build_backbone(name, output_stride=output_stride, pretrained=False)


# --- the published classifier -------------------------------------------------------------------------------------

PUBLISHED = {
    "extra_convs_1": "head",
    "extra_convs_2.conv_state": "reasoning.reduce",
    "extra_convs_2.conv_proj": "reasoning.assign",
    "extra_convs_2.gcn.conv1": "reasoning.adjacency",
    "extra_convs_2.gcn.conv2": "reasoning.update",
    "extra_convs_2.conv_extend": "reasoning.extend",
    "extra_convs_2.blocker": "reasoning.norm",
    "extra_convs_3.1": "classes",
}


def small_network(golden, *, integral: bool) -> ActivationNetwork:
    """The published network at the part of its width that the stored state has."""
    width = len(np.load(golden / "classifier" / "vgg_small_state.npz")["state_dict/features.0.weight"])
    backbone = vgg16_dilated(width=width)
    return ActivationNetwork(backbone, 20, head="convolutions", width=8 * width, nodes=width, integral=integral)


def our_names(network: nn.Module, published: list[str]) -> dict[str, str]:
    """Published parameter name → ours. The backbone's layers come in the same order in both."""
    own = iter(name for name in network.state_dict() if name.startswith("backbone."))
    names = {}
    for name in published:
        if name.startswith("features."):
            names[name] = next(own)
        else:
            prefix = max((p for p in PUBLISHED if name.startswith(f"{p}.")), key=len)
            names[name] = PUBLISHED[prefix] + name.removeprefix(prefix)
    assert next(own, None) is None
    return names


def published_state(golden, network: nn.Module) -> dict[str, torch.Tensor]:
    data = np.load(golden / "classifier" / "vgg_small_state.npz")
    stored = {key.removeprefix("state_dict/"): data[key] for key in data}
    tensors = {k: torch.from_numpy(v.astype(np.float32) if v.ndim > 1 else v) for k, v in stored.items()}
    names = our_names(network, list(stored))
    return {names[key]: value for key, value in tensors.items()}


@pytest.mark.parametrize("integral", [False, True])
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_activation_maps_equal_the_published_ones(golden, integral, mode):
    data = np.load(golden / "classifier" / "vgg_small_io.npz")
    for suffix, kind, tolerance in (("", torch.float32, 2e-5), ("_f64", torch.float64, 1e-11)):
        network = small_network(golden, integral=integral)
        network.load_state_dict(published_state(golden, network))
        network = network.to(kind).train(mode == "train")
        with torch.no_grad():
            maps = network(torch.from_numpy(data["input"]).to(kind))
        expected = data[f"{'vgg1_logits' if integral else 'vgg_map1'}_{mode}{suffix}"]
        np.testing.assert_allclose(maps.numpy(), expected, rtol=tolerance, atol=tolerance)
        if not integral:
            labels = torch.from_numpy(data["labels"]).to(kind)
            scores, loss = image_scores(maps), classification_loss(maps, labels)
            np.testing.assert_allclose(scores, data[f"vgg_logits_{mode}{suffix}"], rtol=tolerance, atol=tolerance)
            assert loss.item() == pytest.approx(float(data[f"vgg_loss_{mode}{suffix}"]), rel=tolerance)


OPTIMISER = {"learning_rate": 1.0, "new_layer_factor": 10.0, "bias_factor": 2.0, "weight_decay": 0.0, "bias_decay": 1.0}


def test_parameter_groups_equal_the_published_ones(golden):
    published = json.loads((golden / "classifier" / "vgg_param_groups.json").read_text())
    network = small_network(golden, integral=False)
    state = np.load(golden / "classifier" / "vgg_small_state.npz")
    names = our_names(network, [key.removeprefix("state_dict/") for key in state])
    ours = {id(p): name for name, p in network.named_parameters()}
    groups = parameter_groups(network, OPTIMISER)
    obtained = {g["base_lr"]: {ours[id(p)] for p in g["params"]} for g in groups}
    assert obtained == {
        float(factor): {names[name] for name in group}
        for factor, group in zip(published["lr_multipliers"], published["groups"], strict=True)
    }


def test_without_global_reasoning_and_with_the_backbones_own_head():
    backbone = vgg16_dilated(width=8)
    network = ActivationNetwork(backbone, 5, head="pretrained", width=64, nodes=None, integral=False)
    assert {n.split(".")[0] for n, _ in network.named_parameters()} == {"backbone", "classes"}
    assert network(torch.zeros(1, 3, 33, 41)).shape == (1, 5, 4, 5)
    assert len(network.new_parameters()) == 2
