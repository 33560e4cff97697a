"""Saliency feedback against cases small enough to check by hand."""

import pytest
import torch

from wsss.smvwe.feedback import estimated_saliency, overlap, saliency_loss
from wsss.smvwe.samples import saliency_on_grid

HALVES = {"mu": 0.5, "delta": 0.4}


def maps(*channels) -> torch.Tensor:
    """One picture, a row of pixels a channel: (1, C, 1, n)."""
    return torch.tensor([[row] for row in channels])[None]


def row(*values) -> torch.Tensor:
    return torch.tensor([[list(values)]])


LABELS = torch.tensor([[1.0, 1.0]])
# A map on the salient pixels, one off them, and the background.
TWO = maps([0.8, 0.6, 0.1, 0.0], [0.1, 0.1, 0.7, 0.1], [0.1, 0.3, 0.2, 0.9])
SALIENT = row(1.0, 0.9, 0.2, 0.0)


def test_overlap_by_hand():
    assert overlap(TWO[:, :-1], SALIENT).tolist() == [[1.0, 0.0]]
    assert overlap(maps([0.9, 0.9, 0.9, 0.2]), row(1.0, 0.0, 0.0, 1.0))[0, 0] == pytest.approx(1 / 3)


def test_overlap_has_no_zero_by_zero():
    assert overlap(maps([0.0, 0.0]), row(1.0, 1.0)).tolist() == [[0.0]]  # an empty map
    assert overlap(maps([0.9, 0.2]), row(0.0, 0.0)).tolist() == [[0.0]]  # an empty saliency map
    assert overlap(maps([0.0, 0.0]), row(0.0, 0.0)).tolist() == [[0.0]]
    # A map without a pixel of .5 is weighed by its values.
    assert overlap(maps([0.3, 0.1]), row(1.0, 0.0))[0, 0] == pytest.approx(0.75)


def test_estimated_saliency_by_hand():
    found = estimated_saliency(TWO, SALIENT, LABELS, **HALVES)
    foreground, behind = torch.tensor([0.8, 0.6, 0.1, 0.0]), torch.tensor([0.2, 0.4, 0.9, 1.0])
    torch.testing.assert_close(found[0, 0], 0.5 * foreground + 0.5 * (1 - behind))
    alone = estimated_saliency(TWO, SALIENT, LABELS, **HALVES, background_channel=False)
    torch.testing.assert_close(alone[0, 0], 0.5 * foreground + 0.5 * (1 - TWO[0, 1, 0]))  # Eq. 7 as printed
    weighed = estimated_saliency(TWO, SALIENT, LABELS, mu=0.3, delta=0.4)
    torch.testing.assert_close(weighed[0, 0], 0.7 * foreground + 0.3 * (1 - behind))


def test_delta_itself_is_background_and_absent_classes_are_neither():
    half = maps([0.9, 0.9], [0.0, 0.0], [0.1, 0.1])
    salient = row(1.0, 0.0)  # the overlap is .5
    at, below = (estimated_saliency(half, salient, LABELS, mu=0.0, delta=d) for d in (0.5, 0.49))
    assert not at.any() and below[0, 0].tolist() == pytest.approx([0.9, 0.9])
    absent = estimated_saliency(half, salient, torch.tensor([[0.0, 1.0]]), mu=0.5, delta=0.1)
    assert absent[0, 0].tolist() == pytest.approx([0.45, 0.45])  # nothing in front; behind is .1


def test_the_loss_is_a_mean_over_pixels():
    assert saliency_loss(TWO, SALIENT, LABELS, **HALVES).item() == pytest.approx(
        sum((e - s) ** 2 for e, s in zip([0.8, 0.6, 0.1, 0.0], [1.0, 0.9, 0.2, 0.0], strict=True)) / 4
    )


@pytest.mark.parametrize("salient", [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
def test_the_background_channel_gets_a_gradient(salient):
    labels = torch.tensor([[1.0, 0.0]])  # what the second class takes is neither in front nor behind
    logits = torch.zeros(1, 3, 1, 3)
    for printed in (False, True):
        soft = logits.softmax(1).requires_grad_()
        saliency_loss(soft, row(*salient), labels, **HALVES, background_channel=not printed).backward()
        assert soft.grad.isfinite().all()
        assert bool(soft.grad[0, -1].any()) != printed  # Eq. 7 as printed gives it none


def test_an_empty_saliency_map_makes_everything_background_and_an_empty_class_map_is_no_error():
    loss = saliency_loss(TWO, row(0.0, 0.0, 0.0, 0.0), LABELS, **HALVES)
    everything = TWO.sum(1)[0, 0]
    assert loss.item() == pytest.approx((0.5 * (1 - everything)).square().mean().item())
    empty = maps([0.0, 0.0], [0.0, 0.0], [1.0, 1.0]).requires_grad_()
    found = saliency_loss(empty, row(1.0, 0.0), LABELS, **HALVES)
    found.backward()
    assert found.item() == pytest.approx(0.5) and empty.grad.isfinite().all()


def test_saliency_lies_on_the_feature_cells():
    saliency = torch.zeros(1, 9, 9, dtype=torch.uint8)
    saliency[0, :3, :3] = 255  # around cell (0, 0), which is centred on pixel (0, 0): 3 of the 3 × 3 pixels it has
    found = saliency_on_grid(saliency, (3, 3), aligned=True)
    torch.testing.assert_close(found[0, 0], torch.tensor([1.0, 0.2, 0.0]))  # of columns 2..6 one is salient
    tiles = saliency_on_grid(saliency, (3, 3), aligned=False)
    torch.testing.assert_close(tiles[0, 0], torch.tensor([1.0, 0.0, 0.0]))
    assert saliency_on_grid(saliency, (1, 1), aligned=True).shape == (1, 1, 1)
