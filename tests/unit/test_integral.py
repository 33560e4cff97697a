"""The loss of the integral attention model."""

import math

import numpy as np
import pytest
import torch

from wsss.nsrom.integral import integral_attention_loss


def loss_and_gradient(logits, target, **settings):
    logits = logits.clone().requires_grad_()
    loss = integral_attention_loss(logits, target, **settings)
    loss.backward()
    return loss.item(), logits.grad


def test_loss_by_hand():
    # Positives: mean of 0.5 log 2 and 1 log 2; negatives: log 2.
    loss, gradient = loss_and_gradient(torch.zeros(3), torch.tensor([0.5, 1.0, 0.0]))
    assert loss == pytest.approx(1.75 * math.log(2))
    assert gradient.tolist() == pytest.approx([-0.125, -0.25, 0.5])


def test_loss_with_only_one_kind_of_target():
    assert integral_attention_loss(torch.zeros(2), torch.zeros(2)).item() == pytest.approx(math.log(2))
    assert integral_attention_loss(torch.zeros(2), torch.ones(2)).item() == pytest.approx(math.log(2))


def test_loss_still_corrects_the_worst_errors():
    logits = torch.tensor([100.0, -100.0])
    loss, gradient = loss_and_gradient(logits, torch.tensor([0.0, 1.0]))
    assert loss == pytest.approx(200)
    assert gradient.tolist() == pytest.approx([1, -1])
    loss, gradient = loss_and_gradient(logits, torch.tensor([0.0, 1.0]), saturate=True)
    assert loss == pytest.approx(100 - math.log(1e-8))
    assert gradient.tolist() == pytest.approx([0, -1])


def test_loss_refuses_other_shapes():
    with pytest.raises(ValueError, match="agree"):
        integral_attention_loss(torch.zeros(1, 2), torch.zeros(2))


@pytest.mark.parametrize("saturate", [True, False])
def test_loss_equals_the_published_one(golden, saturate):
    files = sorted((golden / "iam_loss").glob("case*.npz"))
    assert files
    compared = 0
    for file in files:
        data = np.load(file)
        logits, target = torch.from_numpy(data["logits"]), torch.from_numpy(data["targets"])
        # The saturation takes about 1e-8 exp(x) off an element: beyond x = 12 that shows in the means.
        if not saturate and (logits[target == 0] > 12).any():
            continue
        compared += 1
        for precision, kind in (("f32", torch.float32), ("f64", torch.float64)):
            loss, gradient = loss_and_gradient(logits.to(kind), target.to(kind), saturate=saturate)
            assert loss == pytest.approx(float(data[f"loss_{precision}"]), rel=1e-5, abs=1e-5), file.name
            np.testing.assert_allclose(gradient, data[f"grad_{precision}"], rtol=1e-5, atol=1e-5, err_msg=file.name)
    assert compared >= (len(files) if saturate else 3)
