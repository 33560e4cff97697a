"""Two complete runs in two folders, on other numbers of cores, threads and workers, give the same bytes."""

import json
from pathlib import Path

import pytest
from checkouts import Checkout, copy_repository

TARGETS = ("nsrom_table3", "stage_quality", "nsrom_figure6")
# Threads of a rule decode pictures and refine labels; they also were the threads of torch, if a job let them be.
THREADS = {
    "train_classifier": 3, "train_integral": 2, "train_segmentation": 3, "train_fully_supervised": 2, "export_cams": 2,
    "export_integral_cams": 3, "predict_training_images": 3, "evaluate": 3, "fuse_saliency": 3,
    "mine_potential_objects": 2, "mask_nonsalient_region": 3, "build_openmoji": 1, "check_images": 2,
}  # fmt: skip
TELL_TIMES = ("logs/", "benchmarks/", "tables/runtime.", "tables/provenance.", "report.html")
ONE_OF_EACH = [
    "classifier/default/seed-0/model.safetensors",
    "classifier/default/seed-0/attention/train_0000.png",
    "integral/default/seed-0/history.csv",
    "cams/default/seed-0/maps/train_0000.png",
    "integral_cams/default/seed-0/manifest.csv",
    "initial_labels/default/seed-0/labels/train_0000.png",
    "pseudo_labels/default/seed-0/labels/train_0000.png",
    "round1/default/seed-0/model.safetensors",
    "predictions/default/seed-0/labels/train_0000.png",
    "masked_labels/default/seed-0/labels/train_0000.png",
    "round2/default/seed-0/model.safetensors",
    "fully_supervised/supervision-full/seed-0/model.safetensors",
    "evaluation/default/seed-0/predictions/val_0000.png",
    "evaluation/default/seed-0/metrics.json",
    "evaluation/default/seed-0/counts.npz",
    "tables/nsrom_table3.csv",
    "tables/nsrom_table3.html",
    "tables/stage_quality.csv",
    "figures/nsrom_figure6.png",
    "data/openmoji/JPEGImages/train_0000.jpg",
]


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("again") / "another folder" / "deeper"
    copy_repository(folder)
    checkout = Checkout(folder)
    threads = [f"{rule}={number}" for rule, number in THREADS.items()]
    checkout.snakemake("--cores", "9", *TARGETS, "--set-threads", *threads)
    return checkout


def artifacts(checkout: Checkout) -> dict[str, bytes]:
    files = {p.relative_to(checkout.results).as_posix(): p for p in checkout.results.rglob("*") if p.is_file()}
    left_out = ("provenance.json", ".snakemake_timestamp")
    return {n: p.read_bytes() for n, p in files.items() if not n.startswith(TELL_TIMES) and p.name not in left_out}


def test_another_run_gives_the_same_bytes(tiny_run: Checkout, again: Checkout):
    first, second = artifacts(tiny_run), artifacts(again)
    assert [name for name in ONE_OF_EACH if name not in second] == []
    assert [name for name in sorted(second) if first.get(name) != second[name]] == []


def test_the_runs_were_different_ones(tiny_run: Checkout, again: Checkout):
    """Rules had other threads, and yet one thread shared each sum."""
    name = Path("classifier/default/seed-0/provenance.json")
    here, there = (json.loads((c.results / name).read_text())["device"] for c in (tiny_run, again))
    assert (here["threads"], there["threads"]) == (1, 3)
    assert here["math_threads"] == there["math_threads"] == 1
