"""The visual word encoder against cases small enough to check by hand."""

import subprocess
import sys
from math import exp, log
from pathlib import Path

import pytest
import torch

from wsss.smvwe.distance import UnitManhattan, distances
from wsss.smvwe.words import WordEncoder, word_loss

SOURCES = Path(__file__).resolve().parents[2] / "src"


def encoder(words, *, temperature=0.5, distance="manhattan", nearest=True, classes=2) -> WordEncoder:
    codebook = torch.tensor(words)
    made = WordEncoder(
        codebook.shape[1], classes, words=len(codebook), temperature=temperature, distance=distance, nearest=nearest
    )
    made.start_from(codebook)
    return made


def features(*pixels) -> torch.Tensor:
    """One picture, a row of pixels: (1, D, 1, n)."""
    return torch.tensor(pixels).T[None, :, None, :]


def test_distances_by_hand():
    x, words = torch.tensor([[3.0, 0.0], [3.0, 4.0]]), torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    manhattan = torch.tensor([[0.0, 2.0], [4 / 7 + 4 / 7, 3 / 7 + 3 / 7]])
    torch.testing.assert_close(distances(x, words, "manhattan"), manhattan)
    torch.testing.assert_close(distances(x, words, "cosine"), torch.tensor([[0.0, 1.0], [0.4, 0.2]]))


@pytest.mark.parametrize("pixels", [1, 63, 64, 65, 200])
def test_word_by_word_equals_all_differences_at_once(pixels):
    generator = torch.Generator().manual_seed(pixels)
    x, words = torch.rand(pixels, 7, generator=generator), torch.rand(5, 7, generator=generator)
    unit = torch.nn.functional.normalize(x, p=1)
    torch.testing.assert_close(UnitManhattan.apply(x, words), (unit[:, None] - words).abs().sum(2))


def test_gradients_equal_finite_differences():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(70, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    words = torch.randn(3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(UnitManhattan.apply, (x, words))


@pytest.mark.parametrize("kind", ["manhattan", "cosine"])
def test_distances_are_of_32_bits_in_a_training_of_16(kind):
    x, words = torch.rand(20, 64), torch.rand(5, 64)
    with torch.autocast("cpu", torch.bfloat16):
        found = distances(x, words, kind)
    assert torch.equal(found, distances(x, words, kind))


@pytest.mark.parametrize("kind", ["manhattan", "cosine"])
def test_a_descriptor_of_zeros_has_finite_distances_and_no_gradient(kind):
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    found = distances(x, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), kind)
    assert found.isfinite().all()
    found.square().sum().backward()
    assert not x.grad[0].any() and x.grad[1].isfinite().all()


def test_the_nearest_word_wins_not_the_farthest():
    words = [[1.0, 0.0], [0.0, 1.0]]
    shown = features([1.0, 0.0], [0.0, 1.0], [5.0, 1.0])
    assert encoder(words)(shown).words.tolist() == [[[0, 1, 0]]]
    assert encoder(words, nearest=False)(shown).words.tolist() == [[[1, 0, 1]]]  # Eq. 2 as printed
    assert encoder(words, distance="cosine")(shown).words.tolist() == [[[0, 1, 0]]]


def test_an_encoding_by_hand():
    found = encoder([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])(features([1.0, 0.0], [2.0, 0.0]))
    weights = [1.0, exp(-2 / 0.5), exp(-1 / 0.5)]  # the distances of (1, 0) are 0, 2 and ½ + ½
    expected = torch.tensor([w / sum(weights) for w in weights])
    torch.testing.assert_close(found.probabilities, expected.expand(1, 1, 2, 3))
    torch.testing.assert_close(found.frequency, expected[None])  # the mean over pixels, not their sum
    assert found.present.tolist() == [[1, 0, 0]]
    both = encoder([[1.0, 0.0], [0.0, 1.0]])(features([1.0, 0.0], [0.0, 1.0]))
    assert both.present.tolist() == [[1, 1]]
    torch.testing.assert_close(both.frequency, torch.tensor([[0.5, 0.5]]))


def test_image_scores_are_a_linear_map_of_frequencies():
    made = encoder([[1.0, 0.0], [0.0, 1.0]])
    frequency = torch.tensor([[0.25, 0.75]])
    weight, bias = made.to_image.weight[:, :, 0, 0], made.to_image.bias
    torch.testing.assert_close(made.image_scores(frequency), frequency @ weight.T + bias)


@pytest.mark.parametrize("kind", ["manhattan", "cosine"])
def test_gradients_reach_the_codebook_and_pull_the_used_word_to_its_pixels(kind):
    made = encoder([[1.0, 0.2], [0.0, 1.0]], distance=kind)
    found = made(features([1.0, 0.0]))
    (-found.frequency[0, 0].log()).backward()  # more of the first word is wanted
    assert made.codebook.grad[0].any() and made.codebook.grad[1].any()
    moved = made.codebook.detach() - 0.05 * made.codebook.grad
    before, after = (distances(torch.tensor([[1.0, 0.0]]), w, kind)[0, 0] for w in (made.codebook.detach(), moved))
    assert after < before


def test_the_word_loss_falls_as_the_prediction_improves():
    present = torch.tensor([[1.0, 0.0]])
    losses = [word_loss(torch.tensor([[s, -s]]), present).item() for s in (-2.0, 0.0, 2.0)]
    assert losses[0] > losses[1] > losses[2] > 0
    assert losses[1] == pytest.approx(log(2))  # a mean over the words
    assert losses[2] == pytest.approx(log(1 + exp(-2)))


MEASURED = """
import re, torch
from pathlib import Path
from wsss.smvwe.words import WordEncoder
encoder = WordEncoder(4096, 20, words=256, temperature=0.02, distance="manhattan")
features = torch.rand(4, 4096, 56, 56).requires_grad_()
encoder.image_scores(encoder(features).frequency).square().sum().backward()
assert features.grad.any() and encoder.codebook.grad.any()
# Not getrusage, whose maximum is inherited from the process that starts this one.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
def test_at_full_size_forward_and_backward_need_less_than_two_gib():
    environment = {"PYTHONPATH": str(SOURCES), "OMP_NUM_THREADS": "1", "PATH": ""}
    run = subprocess.run([sys.executable, "-c", MEASURED], env=environment, capture_output=True, text=True, check=True)
    assert int(run.stdout) < 2 * 2**20  # KiB
