"""Arithmetic that gives the same bits again: threads, and deterministic algorithms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from wsss.arithmetic import ArithmeticSettingError, deterministic, math_threads
from wsss.deeplab import repeatable_cross_entropy

ROOT = Path(__file__).resolve().parents[2]

# What Snakemake gives a job with seven threads, then what the job makes of it.
THREADS = """
from wsss.arithmetic import fix_threads
fix_threads()
import torch
print(torch.get_num_threads())
"""

TRAINING = """
import hashlib, sys
import numpy as np, torch
from wsss.config import Config, science_leaves
from wsss.deeplab import segmentation_loss
from wsss.segmentation import build_segmentation
from wsss.training import device
settings = science_leaves(Config())
where = device()
torch.manual_seed(0)
network = build_segmentation(settings, 4, pretrained=False).to(where)
random = np.random.default_rng(0)
optimise = torch.optim.SGD(network.parameters(), lr=0.1)
for _ in range(2):
    images = torch.from_numpy(random.integers(0, 256, (2, 33, 33, 3), np.uint8)).to(where)
    labels = torch.from_numpy(random.choice(np.array([0, 1, 3, 255], np.uint8), (2, 33, 33))).to(where)
    optimise.zero_grad()
    segmentation_loss(network(network.backbone.normalise(images)), labels, stride=2).backward()
    optimise.step()
state = b"".join(v.cpu().numpy().tobytes() for v in network.state_dict().values())
print(torch.are_deterministic_algorithms_enabled(), hashlib.sha256(state).hexdigest())
"""


def run(script: str, **environment: str) -> str:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("WSSS_")}
    plain |= {"PYTHONPATH": str(ROOT / "src"), **environment}
    return subprocess.run(
        [sys.executable, "-c", script], env=plain, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_jobs_threads_share_no_sum():
    assert run(THREADS, OMP_NUM_THREADS="7", MKL_NUM_THREADS="7") == "1"


def test_more_threads_are_a_choice_of_the_user():
    """MKL takes no more than there are cores."""
    assert run(THREADS, OMP_NUM_THREADS="7", WSSS_MATH_THREADS="2") == str(min(2, os.cpu_count()))


@pytest.mark.parametrize("value", ["", "0", "two", "-1", "1.5", "²"])
def test_a_wrong_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("WSSS_MATH_THREADS", value)
    with pytest.raises(ArithmeticSettingError, match=rf"^WSSS_MATH_THREADS is '{value}': set it to a whole number"):
        math_threads()


def test_the_switch_is_0_or_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WSSS_DETERMINISTIC", raising=False)
    assert deterministic() is False
    monkeypatch.setenv("WSSS_DETERMINISTIC", "1")
    assert deterministic() is True
    monkeypatch.setenv("WSSS_DETERMINISTIC", "yes")
    with pytest.raises(ArithmeticSettingError, match=r"^WSSS_DETERMINISTIC is 'yes': set it to 1 or 0"):
        deterministic()


def test_a_training_has_deterministic_algorithms_only():
    """Torch would stop at the first operation that has none."""
    first, second = (run(TRAINING, WSSS_DETERMINISTIC="1", OMP_NUM_THREADS="1") for _ in range(2))
    assert first.startswith("True ") and first == second
    assert run(TRAINING, OMP_NUM_THREADS="1").startswith("False ")


@pytest.mark.parametrize("ignored", [0.3, 1.0])
def test_the_repeatable_loss_is_the_loss(ignored: float):
    torch.manual_seed(0)
    scores = torch.randn(2, 5, 9, 7, dtype=torch.float64, requires_grad=True)
    target = torch.randint(0, 5, (2, 9, 7))
    target[torch.rand(target.shape) < ignored] = 255
    expected = F.cross_entropy(scores, target, ignore_index=255, reduction="sum")
    found = repeatable_cross_entropy(scores, target)
    torch.testing.assert_close(found, expected)
    (gradient,) = torch.autograd.grad(found, scores)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, scores)[0])
