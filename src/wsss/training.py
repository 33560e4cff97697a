"""The training loop that all networks share."""

import csv
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import chain, islice
from itertools import count as count_up
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wsss.arithmetic import settle
from wsss.artifacts import written_aside
from wsss.interruption import stop_requests
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resuming import Companion, Resumable, SavedState

Sample = Callable[[int, int], tuple[np.ndarray, ...]]  # (epoch, index) → arrays of one picture, fixed shapes
Loss = Callable[[list[Tensor], int, np.ndarray], Tensor]  # (batch, epoch, indices) → scalar


class TrainingError(ValueError):
    """A training that cannot go on, in one sentence."""


def device() -> torch.device:
    """The GPU if there is one, else the CPU; its arithmetic is as ``wsss.arithmetic`` says."""
    settle()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    model: nn.Module,
    sample: Sample,
    loss: Loss,
    *,
    count: int,
    epochs: int,
    batch_size: int,
    optimiser: dict[str, Any],
    seed: int,
    progress: Progress,
    names: list[str],
    freeze_batch_norm: bool = False,
    iterations: int | None = None,
    accumulate: int = 1,
    workers: int = 1,
    state: SavedState | None = None,
    companion: Companion | None = None,
) -> list[dict[str, float]]:
    """Trains ``model`` in place; returns one row (epoch, steps, loss, learning rate) per epoch.

    A step adds the gradients of ``accumulate`` batches, each weighted 1/accumulate.  ``iterations`` steps are taken, or
    as many as ``epochs`` have.

    ``model`` has ``new_parameters()``; ``optimiser`` has the keys of the config's ``Optimiser``; ``names`` are the
    image ids by index, for messages.  The order of samples and each sample are functions of (seed, epoch, index), so
    the result does not depend on ``workers``, the threads that read pictures ahead.

    With ``state`` an interrupted training goes on from its last saved state, and ends as if it had not been
    interrupted; ``companion`` is what ``loss`` builds up meanwhile, saved along.  Raises ``TrainingError`` on a NaN
    loss, and ``Stopped`` after SIGTERM, SIGURG or Ctrl-C, with the state saved.
    """
    if count < accumulate:
        raise TrainingError(
            f"{count} pictures cannot fill {accumulate} accumulated batches: lower segmentation.accumulate"
        )
    torch.manual_seed(seed)
    model.train()
    if freeze_batch_norm:
        freeze_norms(model)
    optimise = _optimiser(parameter_groups(model, optimiser), optimiser)
    steps_per_epoch = max(1, count // (batch_size * accumulate))
    total = iterations or steps_per_epoch * epochs
    epochs = -(-total // steps_per_epoch)
    course = Resumable(model, optimise, companion)
    if state is not None:
        course.resume(state, progress.say)
    at = course.position
    batches = _read_ahead(sample, count, at.step, total, accumulate, steps_per_epoch, seed, workers)
    with stop_requests() if state is not None else nullcontext() as stop:
        for step, group in enumerate(progress(_groups_of(batches, accumulate), total, "steps", at.step), at.step):
            rate = learning_rate_factor(step, total, steps_per_epoch, optimiser)
            for parameters in optimise.param_groups:
                parameters["lr"] = parameters["base_lr"] * rate
            optimise.zero_grad(set_to_none=True)
            epoch, number = _add_gradients(loss, group, accumulate, optimiser["precision"], names, step, total)
            optimise.step()
            at.step = step + 1
            at.losses.append(number)
            if at.step % steps_per_epoch == 0 or at.step == total:
                mean = sum(at.losses) / len(at.losses)
                at.history.append({"epoch": epoch, "steps": at.step, "loss": mean, "learning_rate_factor": rate})
                progress.say(f"epoch {epoch + 1}/{epochs}: loss {mean:.4f}")
                at.losses.clear()
            if state is not None:
                course.keep(state, stop, total, progress.say)
    return at.history


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """The rows of ``train`` as CSV."""
    with written_aside(Path(path)) as aside, open(aside, "w", newline="") as stream:
        writer = csv.DictWriter(stream, history[0])
        writer.writeheader()
        writer.writerows(history)


def parameter_groups(model: nn.Module, optimiser: dict[str, Any]) -> list[dict[str, Any]]:
    """Groups by factor of the learning rate: new layers and biases each have theirs (published: 1, 2, 10, 20).

    Biases have a factor of the weight decay too.  What is frozen is in no group.
    """
    new = {id(p) for p in model.new_parameters()}
    by_factors: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        factor = optimiser["new_layer_factor"] if id(parameter) in new else 1.0
        bias = name.endswith("bias")
        factors = (factor * optimiser["bias_factor"], optimiser["bias_decay"]) if bias else (factor, 1.0)
        by_factors.setdefault(factors, []).append(parameter)
    rate, decay = optimiser["learning_rate"], optimiser["weight_decay"]
    return [{"params": p, "base_lr": rate * f, "weight_decay": decay * d} for (f, d), p in sorted(by_factors.items())]


def learning_rate_factor(step: int, total: int, steps_per_epoch: int, optimiser: dict[str, Any]) -> float:
    """What the learning rates are multiplied with at ``step`` (from 0): warm-up, then poly or step decay.

    The poly rate changes every ``update_every`` steps.
    """
    warm = int(optimiser["warmup"] * total)
    if step < warm:
        return (step + 1) / warm
    if optimiser["schedule"] == "step":
        return 0.1 ** sum(step // steps_per_epoch >= e for e in optimiser["step_epochs"])
    step -= step % optimiser["update_every"]
    return (1 - step / total) ** optimiser["power"]


def freeze_norms(model: nn.Module) -> None:
    """Batch norms keep their statistics and parameters."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.requires_grad_(False)


def epoch_order(seed: int, epoch: int, count: int, steps: int) -> list[np.ndarray]:
    """The batches of an epoch: every picture once, ``steps`` batches of as equal a size as possible."""
    return np.array_split(generator("order", seed, epoch).permutation(count), steps)


def _optimiser(groups: list[dict[str, Any]], optimiser: dict[str, Any]) -> torch.optim.Optimizer:
    rate, decay = optimiser["learning_rate"], optimiser["weight_decay"]
    if optimiser["name"] == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, weight_decay=decay, nesterov=optimiser["nesterov"])
    if optimiser["name"] == "adam":
        return torch.optim.Adam(groups, lr=rate, weight_decay=decay)
    return torch.optim.AdamW(groups, lr=rate, weight_decay=decay)


def _add_gradients(
    loss: Loss, group: Iterator, accumulate: int, precision: str, names: list[str], step: int, total: int
) -> tuple[int, float]:
    """Adds the gradients of the batches of one step; returns its epoch and loss."""
    number = 0.0
    for epoch, indices, arrays in group:
        with torch.autocast(device().type, torch.bfloat16, enabled=precision == "bfloat16"):
            value = loss([torch.from_numpy(a).to(device(), non_blocking=True) for a in arrays], epoch, indices)
        value = value / accumulate
        number += value.item()
        if not math.isfinite(number):
            ids = ", ".join(names[i] for i in indices)
            raise TrainingError(
                f"the loss is {number} at step {step + 1} of {total} (epoch {epoch}, pictures {ids}): "
                "lower the learning rate or look at these pictures"
            )
        value.backward()
    return epoch, number


def _read_ahead(
    sample: Sample, count: int, first: int, total: int, accumulate: int, steps_per_epoch: int, seed: int, workers: int
) -> Iterator[tuple[int, np.ndarray, list[np.ndarray]]]:
    """Yields the batches (epoch, indices, arrays) of steps ``first`` to ``total`` while threads prepare the next two.

    A step has ``accumulate`` batches.
    """
    per_epoch = steps_per_epoch * accumulate
    endless = ((epoch, b) for epoch in count_up() for b in epoch_order(seed, epoch, count, per_epoch))
    with ThreadPoolExecutor(workers) as pool:
        waiting: list[tuple[int, np.ndarray, list]] = []
        for epoch, batch in islice(endless, first * accumulate, total * accumulate):
            waiting.append((epoch, batch, [pool.submit(sample, epoch, int(i)) for i in batch]))
            if len(waiting) > 2:
                yield _collect(*waiting.pop(0))
        for entry in waiting:
            yield _collect(*entry)


def _groups_of(batches: Iterator, size: int) -> Iterator[Iterator]:
    """The batches of one step at a time; each is read when it is needed."""
    for first in batches:
        yield chain([first], islice(batches, size - 1))


def _collect(epoch: int, batch: np.ndarray, futures: list) -> tuple[int, np.ndarray, list[np.ndarray]]:
    samples = [f.result() for f in futures]
    return epoch, batch, [np.stack(arrays) for arrays in zip(*samples, strict=True)]
