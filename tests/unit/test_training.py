"""The training loop that all networks share."""

import csv
import io
import time

import numpy as np
import pytest
import torch
from torch import nn

from wsss.config import Config, science_leaves
from wsss.progress import Progress
from wsss.randomness import generator
from wsss.training import (
    TrainingError,
    epoch_order,
    freeze_norms,
    learning_rate_factor,
    parameter_groups,
    train,
    write_history,
)

OPTIMISER = {
    k.removeprefix("classifier.optimiser."): v
    for k, v in science_leaves(Config()).items()
    if k.startswith("classifier.optimiser.")
}
COUNT = 7


class Network(nn.Module):
    """Two layers with a norm between them; the second one is new."""

    def __init__(self):
        super().__init__()
        self.body, self.norm, self.drop, self.head = (
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 2, 1)
        )  # fmt: skip

    def new_parameters(self):
        return list(self.head.parameters())

    def forward(self, x):
        return self.head(self.drop(self.norm(self.body(x))).relu()).mean((2, 3))


def run(
    *,
    seed=0,
    workers=1,
    bad=None,
    seen=None,
    optimiser=OPTIMISER,
    epochs=3,
    batch_size=2,
    network=None,
    count=COUNT,
    **more,
):
    """Trains on random pictures; picture ``bad`` holds a NaN.  Returns the network, the history and the log."""
    torch.manual_seed(5)
    network, log = network or Network(), io.StringIO()

    def sample(epoch, index):
        time.sleep(0.002 * (index % 3))  # pictures become ready in another order than they are needed
        picture = generator("picture", epoch, index).standard_normal((3, 6, 6)).astype(np.float32)
        if index == bad:
            picture[0, 0, 0] = np.nan
        return picture, np.array([index % 2, 1 - index % 2], np.float32)

    def loss(batch, epoch, indices):
        if seen is not None:
            seen.append((epoch, indices.tolist()))
        return nn.functional.binary_cross_entropy_with_logits(network(batch[0]), batch[1])

    rows = train(
        network,
        sample,
        loss,
        count=count,
        epochs=epochs,
        batch_size=batch_size,
        optimiser=optimiser,
        seed=seed,
        progress=Progress("train", log, io.StringIO()),
        names=[f"picture_{i}" for i in range(COUNT)],
        workers=workers,
        **more,
    )
    return network, rows, log.getvalue()


def state(network) -> bytes:
    return b"".join(v.numpy().tobytes() for v in network.state_dict().values())


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_same_seed_gives_the_same_bits_with_any_number_of_workers(name):
    optimiser = OPTIMISER | {"name": name}
    first, rows, _ = run(optimiser=optimiser)
    for workers in (1, 4):
        again, more_rows, _ = run(optimiser=optimiser, workers=workers)
        assert state(again) == state(first)
        assert more_rows == rows
    assert state(run(optimiser=optimiser, seed=1)[0]) != state(first)


@pytest.mark.parametrize(("count", "steps"), [(7, 3), (8, 4), (9, 1), (3, 3)])
def test_every_picture_is_seen_once_an_epoch(count, steps):
    orders = [np.concatenate(epoch_order(0, epoch, count, steps)) for epoch in range(3)]
    for epoch, order in enumerate(orders):
        assert sorted(order) == list(range(count))
        sizes = [len(b) for b in epoch_order(0, epoch, count, steps)]
        assert len(sizes) == steps and max(sizes) - min(sizes) <= 1
    assert any((orders[0] != other).any() for other in orders[1:])
    assert any((orders[0] != np.concatenate(epoch_order(seed, 0, count, steps))).any() for seed in (1, 2, 3))


def test_training_sees_every_picture_once_an_epoch():
    seen = []
    _, rows, log = run(seen=seen, workers=3)
    for epoch in range(3):
        assert sorted(i for e, batch in seen for i in batch if e == epoch) == list(range(COUNT))
    assert [len(batch) for _, batch in seen] == [3, 2, 2] * 3
    assert [(r["epoch"], r["steps"]) for r in rows] == [(0, 3), (1, 6), (2, 9)]
    assert log.count("epoch") == 3 and f"epoch 3/3: loss {rows[2]['loss']:.4f}" in log


def test_fewer_pictures_than_a_batch_are_one_step():
    seen = []
    run(seen=seen, batch_size=50, epochs=2)
    assert [len(batch) for _, batch in seen] == [COUNT, COUNT]


def test_a_nan_loss_names_step_and_pictures_and_never_reaches_the_network():
    network = Network()
    batches = epoch_order(0, 0, COUNT, 3)
    bad = int(batches[1][0])
    with pytest.raises(TrainingError) as caught:
        run(bad=bad, network=network)
    message = str(caught.value)
    assert "loss is nan at step 2 of 9 (epoch 0" in message
    assert ", ".join(f"picture_{i}" for i in batches[1]) in message
    assert not any(f"picture_{i}" in message for i in batches[0])
    assert all(torch.isfinite(p).all() for p in network.parameters())


def test_training_lowers_the_loss():
    _, rows, _ = run(epochs=40, optimiser=OPTIMISER | {"learning_rate": 0.02})
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_parameter_groups_multiply_the_factors():
    network = Network()
    optimiser = OPTIMISER | {"learning_rate": 0.5, "new_layer_factor": 10.0, "bias_factor": 2.0}
    groups = {g["base_lr"]: {id(p) for p in g["params"]} for g in parameter_groups(network, optimiser)}
    assert groups == {
        0.5: {id(network.body.weight), id(network.norm.weight)},
        1.0: {id(network.body.bias), id(network.norm.bias)},
        5.0: {id(network.head.weight)},
        10.0: {id(network.head.bias)},
    }


def test_groups_learn_at_their_own_rate():
    """With SGD, no momentum yet and no decay, one step moves a parameter by rate × factor × gradient."""
    plain = {"name": "sgd", "learning_rate": 0.1, "weight_decay": 0.0, "warmup": 0.0, "bias_factor": 1.0}
    moves = []
    for factor in (1.0, 4.0):
        torch.manual_seed(5)
        network = Network()
        old = {k: v.clone() for k, v in network.named_parameters()}
        settings = OPTIMISER | plain | {"new_layer_factor": factor}
        run(network=network, epochs=1, batch_size=COUNT, optimiser=settings)
        moves.append({k: v.detach() - old[k] for k, v in network.named_parameters()})
    torch.testing.assert_close(moves[1]["head.weight"], 4 * moves[0]["head.weight"])
    torch.testing.assert_close(moves[1]["body.weight"], moves[0]["body.weight"])
    assert moves[0]["body.weight"].abs().max() > 0


def test_poly_schedule_by_hand():
    settings = OPTIMISER | {"schedule": "poly", "power": 0.9, "warmup": 0.2}
    rates = [learning_rate_factor(step, 10, 5, settings) for step in range(10)]
    assert rates[:2] == [0.5, 1.0]
    assert rates[2:] == pytest.approx([(1 - step / 10) ** 0.9 for step in range(2, 10)])


def test_step_schedule_by_hand():
    settings = OPTIMISER | {"schedule": "step", "step_epochs": [1, 3], "warmup": 0.0}
    rates = [learning_rate_factor(step, 8, 2, settings) for step in range(8)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize("file", ["poly_lr.npz", "poly_lr_2.npz"])
def test_poly_schedule_is_the_published_one_where_that_changes(golden, file):
    """The published schedule follows the same curve, but moves only every ``step_size`` iterations."""
    data = np.load(golden / "deeplab" / file)
    total, every = int(data["iter_max"]), int(data["step_size"])
    settings = OPTIMISER | {"schedule": "poly", "power": float(data["power"]), "warmup": 0.0}
    changes = (data["iteration"] % every == 0) & (data["iteration"] <= total)
    assert changes.sum() >= 5
    for iteration, rates in zip(data["iteration"][changes], data["lr_after_step"][changes], strict=True):
        factor = learning_rate_factor(int(iteration), total, 1, settings)
        np.testing.assert_allclose(rates, data["base_lr"] * factor, rtol=1e-12, atol=1e-15)


def test_frozen_norms_keep_statistics_and_parameters():
    torch.manual_seed(5)
    network = Network()
    old = {k: v.clone() for k, v in network.norm.state_dict().items()}
    run(network=network, freeze_batch_norm=True)
    assert all(torch.equal(v, old[k]) for k, v in network.norm.state_dict().items())
    freeze_norms(network)
    assert not network.norm.training and network.drop.training
    other, _, _ = run()
    assert not torch.equal(other.norm.running_mean, old["running_mean"])


def test_history_file(tmp_path):
    _, rows, _ = run(epochs=2)
    write_history(tmp_path / "history.csv", rows)
    with open(tmp_path / "history.csv", newline="") as stream:
        read = list(csv.DictReader(stream))
    assert [float(r["loss"]) for r in read] == [r["loss"] for r in rows]
    assert [int(r["epoch"]) for r in read] == [0, 1]


def test_accumulated_batches_make_the_step_of_their_mean():
    """Two batches of 2 without norms or dropout move the network as one batch of 4 does."""
    plain = OPTIMISER | {"name": "sgd", "warmup": 0.0, "weight_decay": 0.0}

    class Linear(Network):
        def forward(self, x):
            return self.head(self.body(x)).mean((2, 3))

    states = []
    for batch_size, accumulate in ((4, 1), (2, 2)):
        torch.manual_seed(5)
        network, rows, _ = run(
            network=Linear(), optimiser=plain, batch_size=batch_size, accumulate=accumulate, epochs=1, count=4
        )
        assert [r["steps"] for r in rows] == [1]
        states.append((network.state_dict(), rows[0]["loss"]))
    for key, value in states[0][0].items():
        torch.testing.assert_close(states[1][0][key], value)
    assert states[0][1] == pytest.approx(states[1][1])


def test_iterations_end_the_training_within_an_epoch():
    seen = []
    _, rows, log = run(seen=seen, iterations=5, accumulate=1)
    assert [(r["epoch"], r["steps"]) for r in rows] == [(0, 3), (1, 5)]
    assert len(seen) == 5 and "epoch 2/2" in log
    _, rows, _ = run(iterations=7, accumulate=3, batch_size=2)
    assert rows[-1]["steps"] == 7


def test_the_poly_rate_can_stand_still():
    settings = OPTIMISER | {"schedule": "poly", "warmup": 0.0, "update_every": 3}
    rates = [learning_rate_factor(step, 9, 1, settings) for step in range(9)]
    assert rates == pytest.approx([(1 - step / 9) ** 0.9 for step in (0, 0, 0, 3, 3, 3, 6, 6, 6)])


def test_what_is_frozen_is_in_no_group_and_biases_have_their_own_decay():
    network = Network()
    freeze_norms(network)
    groups = parameter_groups(network, OPTIMISER | {"weight_decay": 0.1, "bias_decay": 0.0, "bias_factor": 1.0})
    decays = {id(p): g["weight_decay"] for g in groups for p in g["params"]}
    assert decays == {
        id(network.body.weight): 0.1, id(network.head.weight): 0.1, id(network.body.bias): 0, id(network.head.bias): 0
    }  # fmt: skip


def test_bfloat16_trains_with_float32_weights():
    network, rows, _ = run(optimiser=OPTIMISER | {"precision": "bfloat16"})
    exact, _, _ = run()
    assert all(p.dtype == torch.float32 for p in network.parameters())
    assert np.isfinite(rows[-1]["loss"]) and state(network) != state(exact)
