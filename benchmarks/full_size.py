"""One training step of the paper's networks at the paper's sizes, on made-up pictures: ``make bench-full``.

Prints steps a second, peak memory, and the hours that the trainings of NSROM's Table 3 would take at that rate (without
inference, CRF, and reading of pictures).  ``--pictures 1`` takes smaller batches, for a CPU.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn

from wsss.classification import classification_loss
from wsss.config import load_config
from wsss.deeplab import multi_scale_logits, multi_scale_loss
from wsss.nsrom.network import build_network
from wsss.segmentation import build_segmentation
from wsss.training import device, freeze_norms, parameter_groups
from wsss.variants import Plan

ROOT = Path(__file__).resolve().parents[1]
TRAINAUG = 10582  # pictures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, help="pictures in a batch (default: the published 5)")
    arguments.add_argument("--steps", type=int, default=10, help="timed steps, after two that are not (CPU: none)")
    arguments.add_argument("--networks", nargs="+", default=["segmentation", "classifier"])
    arguments.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    given = arguments.parse_args()
    plan = Plan(load_config(_published()))
    print(f"{device()}: {torch.cuda.get_device_name() if device().type == 'cuda' else torch.get_num_threads()}")
    print(f"{'network':14} {'precision':10} {'batch':>7} {'steps/s':>9} {'peak GiB':>9} {'h, Table 3':>11}")
    measure = {"segmentation": segmentation, "classifier": classifier}
    for name in given.networks:
        for precision in given.precisions:
            measure[name](plan, precision, given.pictures, given.steps)


def segmentation(plan: Plan, precision: str, pictures: int | None, steps: int) -> None:
    """DeepLab-v2 on ResNet-101, multi-scale loss, two batches a step."""
    s = plan.settings("nsrom")
    batch, crop, parts = pictures or s["segmentation.batch_size"], s["segmentation.crop"], s["segmentation.accumulate"]
    network = build_segmentation(s, 21, pretrained=False).to(device()).train()
    freeze_norms(network)
    labels = torch.randint(0, 21, (batch, crop, crop), dtype=torch.uint8, device=device())

    def loss(x: Tensor) -> Tensor:
        outputs = multi_scale_logits(network, x, s["segmentation.loss_scales"])
        return multi_scale_loss([o.float() for o in outputs], labels) / parts

    rate, memory = _timed(network, loss, _pictures(batch, crop), _optimiser(s, "segmentation"), precision, parts, steps)
    rounds = len({key for key in _needed(plan) if key[0] in ("round1", "round2", "fully_supervised")})
    full = batch / s["segmentation.batch_size"]  # a step of smaller batches does less of the work
    _report(
        "DeepLab-v2", precision, f"{parts}×{batch}", rate, memory, rounds * s["segmentation.iterations"] / full / rate
    )


def classifier(plan: Plan, precision: str, pictures: int | None, steps: int) -> None:
    """The classifier on VGG-16; the integral attention model differs by a ReLU."""
    s = plan.settings("nsrom")
    batch, size = pictures or s["classifier.batch_size"], s["classifier.image_size"]
    network = build_network(s, 20, integral=False, pretrained=False).to(device()).train()
    labels = torch.randint(0, 2, (batch, 20), device=device()).float()

    def loss(x: Tensor) -> Tensor:
        return classification_loss(network(x).float(), labels)

    rate, memory = _timed(network, loss, _pictures(batch, size), _optimiser(s, "classifier"), precision, 1, steps)
    epochs = {"classifier": s["classifier.epochs"], "integral": s["integral.epochs"]}
    passes = sum(epochs.get(stage, 0) for stage, _ in _needed(plan))
    _report("VGG-16", precision, str(batch), rate, memory, passes * TRAINAUG / batch / rate)


def _published() -> dict:
    base, overlay = (yaml.safe_load((ROOT / f"config/{n}.yaml").read_text()) for n in ("config", "voc2012"))
    science = {k: v for k, v in overlay.items() if k not in ("dataset", "experiments", "sweeps", "tables")}
    return {k: base[k] for k in ("experiments", "tables")} | science


def _needed(plan: Plan) -> set[tuple[str, str]]:
    """(stage, variant) of all that the rows of Table 3 are made from."""
    rows = plan.config.tables["nsrom_table3"].rows
    experiments = {name: plan.config.experiments[name] for name in rows}
    return set(Plan(plan.config.model_copy(update={"experiments": experiments, "sweeps": {}})).known)


def _pictures(batch: int, size: int) -> Tensor:
    return torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8, device=device())


def _optimiser(settings: dict, section: str) -> dict:
    prefix = f"{section}.optimiser."
    return {k.removeprefix(prefix): v for k, v in settings.items() if k.startswith(prefix)}


def _timed(
    network: nn.Module, loss: Callable, pictures: Tensor, optimiser: dict, precision: str, parts: int, steps: int
) -> tuple[float, float]:
    """Steps a second, and the peak memory in GiB (of the GPU, or of the process)."""
    groups = parameter_groups(network, optimiser)
    optimise = torch.optim.SGD(groups, lr=optimiser["learning_rate"], momentum=0.9, nesterov=optimiser["nesterov"])
    on_gpu = device().type == "cuda"

    def step() -> None:
        optimise.zero_grad(set_to_none=True)
        for _ in range(parts):
            with torch.autocast(device().type, torch.bfloat16, enabled=precision == "bfloat16"):
                value = loss(network.backbone.normalise(pictures))
            value.item()
            value.backward()
        optimise.step()

    for _ in range(2 if on_gpu else 0):
        step()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    if on_gpu:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return steps / seconds, torch.cuda.max_memory_allocated() / 2**30 if on_gpu else process


def _report(network: str, precision: str, batch: str, rate: float, memory: float, seconds: float) -> None:
    print(f"{network:14} {precision:10} {batch:>7} {rate:9.3f} {memory:9.2f} {seconds / 3600:11.1f}", flush=True)


if __name__ == "__main__":
    main()
