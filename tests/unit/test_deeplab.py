"""DeepLab-v2 and its loss."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from wsss.backbones import build_backbone
from wsss.deeplab import ASPP, DeepLabV2, FineDecoder, multi_scale_logits, multi_scale_loss, segmentation_loss
from wsss.resampling import resize_labels, scale_input, upsample_logits


@pytest.mark.parametrize(
    ("output_stride", "width", "cells"), [(16, 12, 9), (16, None, 5), (8, 12, 9), (8, None, 9), (32, 12, 9)]
)
def test_output_shape(output_stride, width, cells):
    backbone = build_backbone("efficientnet_lite0", output_stride=output_stride, pretrained=False)
    network = DeepLabV2(backbone, 7, rates=[1, 2], decoder_width=width).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 65, 65)).shape == (2, 7, cells, cells)


@pytest.mark.parametrize(("width", "own"), [(None, {"aspp"}), (12, {"aspp", "decoder"})])
def test_new_parameters_are_those_outside_the_backbone(width, own):
    backbone = build_backbone("efficientnet_lite0", pretrained=False)
    network = DeepLabV2(backbone, 7, rates=[1, 2], decoder_width=width)
    new = [id(p) for p in network.new_parameters()]
    assert {n.split(".")[0] for n, p in network.named_parameters() if id(p) in set(new)} == own
    assert len(new) == len(set(new)) == len([n for n, _ in network.named_parameters() if not n.startswith("backbone")])


def test_without_decoder_the_scores_are_those_of_aspp():
    torch.manual_seed(0)
    backbone = build_backbone("efficientnet_lite0", pretrained=False)
    network = DeepLabV2(backbone, 3, rates=[1]).eval()
    x = torch.randn(1, 3, 33, 33)
    torch.testing.assert_close(network(x), network.aspp(backbone(x)[-1]))


def test_decoder_uses_both_inputs():
    torch.manual_seed(0)
    decoder = FineDecoder(5, 6, 3).eval()
    coarse, fine = torch.randn(1, 6, 3, 3, requires_grad=True), torch.randn(1, 5, 5, 5, requires_grad=True)
    scores = decoder(coarse, fine)
    assert scores.shape == (1, 3, 5, 5)
    scores.square().sum().backward()
    assert coarse.grad.abs().max() > 0 and fine.grad.abs().max() > 0


def test_aspp_sums_its_branches_and_keeps_the_size():
    torch.manual_seed(0)
    aspp, x = ASPP(3, 2, [1, 6]), torch.randn(1, 3, 9, 11)
    expected = sum(
        F.conv2d(x, b.weight, b.bias, padding=r, dilation=r) for b, r in zip(aspp.branches, (1, 6), strict=True)
    )
    torch.testing.assert_close(aspp(x), expected)
    assert aspp(x).shape == (1, 2, 9, 11)


def test_upsampling_puts_cells_on_their_pixels():
    logits = torch.randn(1, 2, 3, 4)
    full = upsample_logits(logits, (17, 25))
    torch.testing.assert_close(full[:, :, ::8, ::8], logits)


def test_loss_by_hand():
    logits = torch.zeros(1, 4, 2, 2)
    labels = torch.tensor([[[0, 1], [2, 3]]], dtype=torch.uint8)
    assert segmentation_loss(logits, labels).item() == pytest.approx(torch.tensor(4.0).log().item())


def test_255_is_ignored():
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 5, 5, requires_grad=True)
    labels = torch.randint(0, 3, (2, 5, 5), dtype=torch.uint8)
    labels[0], labels[1, 2:] = 255, 255
    loss = segmentation_loss(logits, labels)
    loss.backward()
    expected = F.cross_entropy(logits[1:, :, :2].detach(), labels[1:, :2].long())
    torch.testing.assert_close(loss.detach(), expected)
    assert (logits.grad[0] == 0).all() and (logits.grad[1, :, 2:] == 0).all()
    assert logits.grad[1, :, :2].abs().max() > 0


def test_a_batch_without_labelled_pixels_gives_zero_and_finite_gradients():
    logits = torch.randn(2, 3, 5, 5, requires_grad=True)
    loss = segmentation_loss(logits, torch.full((2, 33, 33), 255, dtype=torch.uint8), stride=2)
    loss.backward()
    assert loss.item() == 0
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_strided_loss_is_the_full_one_on_the_sampled_pixels(stride):
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 5, 5)
    labels = torch.randint(0, 3, (2, 33, 33), dtype=torch.uint8)
    labels[:, 10:14] = 255
    sampled = torch.full_like(labels, 255)
    sampled[:, ::stride, ::stride] = labels[:, ::stride, ::stride]
    torch.testing.assert_close(segmentation_loss(logits, labels, stride=stride), segmentation_loss(logits, sampled))


@pytest.mark.parametrize(("side", "aligned"), [(33, False), (32, True)])
def test_labels_that_no_sample_lies_on_are_all_compared(side, aligned):
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3, 5, 5), torch.randint(0, 3, (2, side, side), dtype=torch.uint8)
    loss = segmentation_loss(logits, labels, stride=2, align_corners=aligned)
    torch.testing.assert_close(loss, segmentation_loss(logits, labels, align_corners=aligned))


def test_loss_takes_large_scores():
    logits = torch.zeros(1, 2, 1, 1)
    logits[0, 0] = 1000
    assert segmentation_loss(logits, torch.ones(1, 3, 3, dtype=torch.uint8)).item() == pytest.approx(1000)


def test_large_fov_is_one_branch_with_hidden_layers():
    with torch.device("meta"):
        network = DeepLabV2(
            build_backbone("vgg16_deeplab", output_stride=8, pretrained=False), 21, rates=[12], head_width=1024
        )
    assert {k: tuple(v.shape) for k, v in network.aspp.state_dict().items() if k.endswith("weight")} == {
        "branches.0.0.weight": (1024, 512, 3, 3),
        "branches.0.3.weight": (1024, 1024, 1, 1),
        "branches.0.6.weight": (21, 1024, 1, 1),
    }
    first = network.aspp.branches[0][0]
    assert first.dilation == first.padding == (12, 12)
    assert [m.p for m in network.aspp.modules() if isinstance(m, torch.nn.Dropout)] == [0.5, 0.5]


@pytest.mark.parametrize("name", ["vgg16_deeplab", "resnet101", "resnet101_caffe"])
@pytest.mark.parametrize("head", [{"rates": [6, 12, 18, 24]}, {"rates": [12], "head_width": 1024}])
def test_published_networks_have_stride_8_at_the_published_crop(name, head):
    with torch.device("meta"):
        network = DeepLabV2(build_backbone(name, output_stride=8, pretrained=False), 21, **head)
        assert network(torch.zeros(1, 3, 321, 321)).shape == (1, 21, 41, 41)
        grids = [o.shape[-1] for o in multi_scale_logits(network, torch.zeros(1, 3, 321, 321))]
    # Half of 321 px rounds to 160: pools that round up keep the cell at its border.
    assert grids == ([41, 20, 30, 41] if name == "resnet101" else [41, 21, 31, 41])


def test_the_multi_scale_loss_ignores_255_and_never_is_nan():
    torch.manual_seed(0)
    outputs = [torch.randn(1, 3, n, n, requires_grad=True) for n in (5, 3)]
    labels = torch.full((1, 33, 33), 255, dtype=torch.uint8)
    assert multi_scale_loss(outputs, labels).item() == 0
    labels[:, 15:18, 15:18] = 2  # the middle cell of both grids
    expected = sum(-o[0, :, n // 2, n // 2].log_softmax(0)[2] for o, n in zip(outputs, (5, 3), strict=True))
    torch.testing.assert_close(multi_scale_loss(outputs, labels), expected)


def test_the_multi_scale_loss_compares_the_labels_that_the_cells_lie_on():
    """Corner to corner, cell i of 41 lies on pixel 8i of 321: scores that are right there cost nothing."""
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (1, 321, 321)).astype(np.uint8))
    right = F.one_hot(labels[:, ::8, ::8].long(), 3).permute(0, 3, 1, 2) * 50.0
    assert multi_scale_loss([right], labels, align_corners=True) < 1e-6
    assert multi_scale_loss([right], labels) > 10


@pytest.mark.parametrize("sides", [(321, 321), (97, 129), (90, 124)])
def test_corner_to_corner_every_scale_lies_on_the_labels_that_it_is_compared_with(sides):
    """A network that tells where its cells lie, 8i at every scale, and labels that tell where they are taken."""
    x = torch.stack(torch.meshgrid(*(torch.arange(float(s)) for s in sides), indexing="ij"))[None]
    outputs = multi_scale_logits(lambda v: v[..., ::8, ::8], scale_input(x, 1, aligned_stride=8), aligned_stride=8)
    assert len({o.shape for o in outputs}) == 3
    for output in outputs:
        taken = resize_labels(x[0], output.shape[-2:], align_corners=True)
        assert (output[0] - taken).abs().max() <= 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_picture_a_pixel_wide_can_be_shrunk(size: tuple[int, int]):
    x = torch.rand(1, 3, *size)
    for scale in (0.25, 0.5, 0.75):
        smaller = scale_input(x, scale)
        assert smaller.shape[-2:] == tuple(max(int(side * scale), 1) for side in size)
        assert smaller.isfinite().all() and x.min() <= smaller.min() and smaller.max() <= x.max()
