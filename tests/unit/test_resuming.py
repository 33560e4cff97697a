"""Interrupted trainings: whatever the instant, they end with the bits of an undisturbed one."""

import io
import json
import os
import resource
import signal
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from outages import Outage
from test_training import OPTIMISER, Network
from torch import nn

from wsss.interruption import Stopped, stop_requests
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.resuming import Position, Resumable, SavedState
from wsss.training import train

COUNT, STEPS = 7, 9


class Maximum:
    """A companion: the largest output so far."""

    def __init__(self):
        self.value = torch.zeros(2)

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


def run(
    folder=None,
    *,
    key="key",
    minutes=0.0,
    optimiser=OPTIMISER,
    die_at=None,
    signal_at=None,
    begin=5,
    memory_format=torch.contiguous_format,
    **more,
):
    """Trains with dropout, norms and a companion; dies in step ``die_at``, or gets a signal: (step from 1, number).

    Returns all that it made as bytes, and the log.
    """
    torch.manual_seed(begin)
    network, maximum, log, steps = Network().to(memory_format=memory_format), Maximum(), io.StringIO(), []

    def sample(epoch, index):
        picture = generator("picture", epoch, index).standard_normal((3, 6, 6)).astype(np.float32)
        return picture, np.array([index % 2, 1 - index % 2], np.float32)

    def loss(batch, epoch, indices):
        scores = network(batch[0])
        maximum.value = torch.maximum(maximum.value, scores.detach().amax(0))
        steps.append(epoch)
        if len(steps) == die_at:
            raise Outage
        if signal_at and len(steps) == signal_at[0]:
            os.kill(os.getpid(), signal_at[1])
        return nn.functional.binary_cross_entropy_with_logits(scores, batch[1])

    rows = train(
        network, sample, loss, count=COUNT, epochs=3, batch_size=2, optimiser=optimiser, seed=0,
        progress=Progress("train", log, io.StringIO()), names=[f"picture_{i}" for i in range(COUNT)],
        state=None if folder is None else SavedState(folder, key, minutes), companion=maximum, **more,
    )  # fmt: skip
    values = [*network.state_dict().values(), maximum.value]
    return b"".join(v.numpy().tobytes() for v in values) + json.dumps(rows).encode(), log.getvalue()


@pytest.mark.parametrize("name", ["adamw", "sgd"])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 8, STEPS])
def test_a_training_killed_in_any_step_ends_with_the_same_bits(tmp_path, name, memory_format, step):
    settings = {"optimiser": OPTIMISER | {"name": name}, "memory_format": memory_format}
    expected, _ = run(**settings)
    with pytest.raises(Outage):
        run(tmp_path, die_at=step, **settings)
    # From the second step on, nothing that it starts with matters: all comes from the saved state.
    bits, log = run(tmp_path, begin=5 if step == 1 else 6, **settings)
    assert bits == expected
    assert (f"goes on after step {step - 1}, from the saved state" in log) == (step > 1)


def test_a_training_killed_again_and_again_ends_with_the_same_bits(tmp_path):
    expected, _ = run()
    for _ in range(STEPS - 1):
        with pytest.raises(Outage):
            run(tmp_path, die_at=2)  # one step further each time
    bits, log = run(tmp_path)
    assert bits == expected
    assert f"goes on after step {STEPS - 1}" in log


def test_accumulated_batches_and_a_given_length_go_on_alike(tmp_path):
    more = {"accumulate": 2, "iterations": 5}
    expected, _ = run(**more)
    with pytest.raises(Outage):
        run(tmp_path, die_at=6, **more)  # in the second batch of step 3
    bits, log = run(tmp_path, **more)
    assert bits == expected and "goes on after step 2" in log


@pytest.mark.parametrize(("step", "number"), [(1, signal.SIGTERM), (4, signal.SIGURG), (STEPS, signal.SIGINT)])
def test_a_signal_ends_the_running_step_and_saves(tmp_path, step, number):
    before = signal.getsignal(number)
    expected, _ = run()
    with pytest.raises(Stopped, match=f"after step {step} of {STEPS}: start it again"):
        run(tmp_path, signal_at=(step, number), minutes=60)
    assert signal.getsignal(number) is before
    bits, log = run(tmp_path, minutes=60)
    assert bits == expected and f"goes on after step {step}, from the saved state" in log


def test_saving_changes_no_result_and_happens_at_its_interval(tmp_path):
    expected, _ = run()
    bits, log = run(tmp_path / "often")
    assert bits == expected and log.count("saved (") == STEPS - 1  # after the last step nothing is left to lose
    bits, log = run(tmp_path / "rarely", minutes=60)
    assert bits == expected and "saved" not in log and not (tmp_path / "rarely").exists()


def test_a_state_of_another_training_is_not_used(tmp_path):
    expected, _ = run()
    with pytest.raises(Outage):
        run(tmp_path, key="other inputs", die_at=4)
    bits, log = run(tmp_path)
    assert bits == expected
    assert "the saved state is of other inputs, parameters, code or another device: training starts anew" in log


def damages():
    yield "empty", lambda data: b""
    yield "truncated", lambda data: data[: len(data) // 2]
    yield "first line only", lambda data: data.split(b"\n")[0]
    for share in (0.0, 0.03, 0.3, 0.6, 0.999):
        yield f"flipped bit at {share}", lambda data, share=share: flip(data, int(share * len(data)))
    yield "another file", lambda data: b"\x80\x04cos\nsystem\n(S'touch /nowhere'\ntR."


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(("kind", "damage"), list(damages()), ids=lambda v: v if isinstance(v, str) else "")
def test_a_damaged_state_is_said_and_not_used(tmp_path, kind, damage):
    expected, _ = run()
    with pytest.raises(Outage):
        run(tmp_path, die_at=4)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    bits, log = run(tmp_path)
    assert bits == expected
    assert f"the saved state {file} is damaged: training starts anew" in log


@contextmanager
def full_disk(size=64):
    """No file can grow beyond a few bytes: writing fails like on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_state_that_cannot_be_saved_stops_no_training_and_keeps_the_former(tmp_path):
    expected, _ = run()
    with pytest.raises(Outage):
        run(tmp_path, die_at=4)
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    with full_disk():
        bits, log = run(tmp_path)
    assert bits == expected
    assert "the state after step 4 could not be saved (File too large): training goes on without it" in log
    assert [f.name for f in tmp_path.iterdir()] == [file.name] and file.read_bytes() == before


def test_moments_lie_in_memory_as_the_weights_do(tmp_path):
    networks = [nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last) for _ in range(2)]
    optimisers = [torch.optim.AdamW(n.parameters()) for n in networks]
    networks[0](torch.randn(1, 4, 5, 5)).sum().backward()
    optimisers[0].step()
    state = SavedState(tmp_path, "key", 0)
    Resumable(networks[0], optimisers[0]).keep(state, threading.Event(), 9, print)
    Resumable(networks[1], optimisers[1]).resume(state, print)
    moments = [o.state[n.weight]["exp_avg"] for n, o in zip(networks, optimisers, strict=True)]
    assert moments[0].stride() == moments[1].stride() == networks[0].weight.stride() != (36, 9, 3, 1)
    assert torch.equal(*moments)


def test_the_interval_counts_from_the_last_save(tmp_path):
    state = SavedState(tmp_path, "key", 0.1 / 60)
    assert not state.due()
    time.sleep(0.12)
    assert state.due()
    state.save({"a": torch.zeros(3)}, Position(), "cpu", print)
    assert not state.due()


def test_the_seconds_of_all_parts_add_up(tmp_path):
    start = time.monotonic()
    for part in range(3):
        so_far = time.monotonic() - start
        state = SavedState(tmp_path, "key", 0)
        state.read("cpu", print)
        assert 0.1 * part <= state.earlier_seconds <= so_far
        time.sleep(0.1)
        state.save({"a": torch.zeros(3)}, Position(), "cpu", print)
    other = SavedState(tmp_path, "another key", 0)
    assert other.read("cpu", print) is None
    assert other.earlier_seconds == 0


def test_signals_are_handled_in_the_main_thread_only():
    found = []

    def use():
        with stop_requests() as stop:
            found.append(stop.is_set())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [False]
