"""Trainings that go on where they were interrupted: what of them changes, and the file that it is saved in."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from wsss.artifacts import written_aside
from wsss.interruption import Stopped

Say = Callable[[str], None]


class Companion(Protocol):
    """What else a training builds up beside its network."""

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state: dict[str, Tensor]) -> None: ...


@dataclass
class Position:
    """Where in its course a training is; all else is a function of the seed and of this."""

    step: int = 0
    losses: list[float] = field(default_factory=list)  # of the running epoch
    history: list[dict[str, float]] = field(default_factory=list)  # rows of the finished epochs


class SavedState:
    """The file that an interrupted training leaves, for the same training and no other.

    A line with the sha256 of all that follows, a line of JSON (key, device, seconds, position), and tensors as
    safetensors: reading it can run no code.  ``key``: fingerprint of all that the training's result depends on.
    ``minutes`` pass between saves; with 0, every step is saved.  ``earlier_seconds``: how long the training had taken
    when the state was saved that it goes on from; 0 if it did not.
    """

    def __init__(self, folder: Path, key: str, minutes: float):
        self.file, self.key, self.seconds = Path(folder) / "training.state", key, 60 * minutes
        self.begun = self.saved_at = time.monotonic()
        self.earlier_seconds = 0.0

    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self.saved_at >= self.seconds

    def save(self, tensors: dict[str, Tensor], position: Position, device: str, say: Say) -> None:
        """Replaces the file as a whole.  Where that fails (disk full) the former one stays, and ``say`` tells."""
        start = time.monotonic()
        seconds = self.earlier_seconds + start - self.begun
        head = {"key": self.key, "device": device, "seconds": seconds}
        record = json.dumps(head | asdict(position)).encode() + b"\n"
        body = save({name: t.detach().cpu().contiguous() for name, t in tensors.items()})
        digest = hashlib.sha256(record)
        digest.update(body)
        try:
            with written_aside(self.file) as aside, open(aside, "wb") as stream:
                stream.writelines([digest.hexdigest().encode() + b"\n", record, body])
                stream.flush()
                os.fsync(stream.fileno())  # before the rename, or a power cut could leave an empty file
        except OSError as error:
            reason = error.strerror or error
            say(f"the state after step {position.step} could not be saved ({reason}): training goes on without it")
        else:
            size = len(body) / 1e6
            say(f"state after step {position.step} saved ({size:.1f} MB, {time.monotonic() - start:.1f} s)")
        self.saved_at = time.monotonic()

    def read(self, device: str, say: Say) -> tuple[dict[str, Tensor], Position] | None:
        """The tensors and the position; None if there is no file, or, as ``say`` tells, none that can be used."""
        if not self.file.exists():
            return None
        digest, _, content = self.file.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            say(f"the saved state {self.file} is damaged: training starts anew")
            return None
        line, _, body = content.partition(b"\n")
        record = json.loads(line)
        if (record.pop("key"), record.pop("device")) != (self.key, device):
            say("the saved state is of other inputs, parameters, code or another device: training starts anew")
            return None
        self.earlier_seconds = record.pop("seconds")
        return load(body), Position(**record)


class Resumable:
    """A training as far as it changes: network, optimiser, random numbers, position, and a companion if it has one."""

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, companion: Companion | None = None):
        self.model, self.optimiser, self.companion = model, optimiser, companion
        self.position = Position()
        self.device = next(model.parameters()).device.type

    def resume(self, state: SavedState, say: Say) -> None:
        """Goes to the saved state, if there is one of the same training."""
        found = state.read(self.device, say)
        if found is None:
            return
        tensors, self.position = found
        self.model.load_state_dict(_part(tensors, "model"))
        self._fill_optimiser(_part(tensors, "optimiser"))
        if self.companion is not None:
            self.companion.load_state_dict(_part(tensors, "companion"))
        torch.set_rng_state(tensors["random.cpu"])
        if self.device == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])
        say(f"goes on after step {self.position.step}, from the saved state")

    def keep(self, state: SavedState, stop: threading.Event, total: int, say: Say) -> None:
        """Saves the state if it is time to; raises ``Stopped`` after a signal."""
        if not stop.is_set() and (not state.due() or self.position.step == total):
            return
        state.save(self._tensors(), self.position, self.device, say)
        if stop.is_set():
            raise Stopped(f"stopped by a signal after step {self.position.step} of {total}: start it again to go on")

    def _tensors(self) -> dict[str, Tensor]:
        optimiser = {
            f"{index}.{name}": value
            for index, values in self.optimiser.state_dict()["state"].items()
            for name, value in values.items()
            if value is not None
        }
        parts = {"model": self.model.state_dict(), "optimiser": optimiser, "random": {"cpu": torch.get_rng_state()}}
        if self.companion is not None:
            parts["companion"] = self.companion.state_dict()
        if self.device == "cuda":
            parts["random"]["cuda"] = torch.cuda.get_rng_state()
        return {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}

    def _fill_optimiser(self, tensors: dict[str, Tensor]) -> None:
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, _, kind = name.partition(".")
            parameter = parameters[int(index)]
            if value.shape == parameter.shape:
                # Moments lie in memory as their weights do: the same order of arithmetic.
                value = torch.empty_like(parameter).copy_(value)
            state.setdefault(int(index), {})[kind] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
