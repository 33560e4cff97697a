"""The numbers of a release that git keeps (scores, tables, curves, histories), and ``dvc.yaml``, which names them."""

import csv
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from wsss.artifacts import written_aside
from wsss.config import Config
from wsss.variants import Plan

COPIED = {"tables": ("tables/*.csv", "tables/*.md"), "curves": ("figures/*.csv",), "histories": ("*/*/*/history.csv",)}
SCORES = (
    "miou",
    "miou_std",
    "miou_low",
    "miou_high",
    "miou_without_crf",
    "miou_without_crf_std",
    "retention",
    "label_miou",
    "label_miou_std",
)
# What the bars of a table of experiments are → what they are called.
BARS = {"miou": "val mIoU (%)", "label_miou": "mIoU of the labels (%)"}
HEADER = """\
# What is published, for `dvc metrics`, `dvc plots` and `dvc params`. Kept by `make publish`.
# There are no stages: the DAG is Snakemake's, and a second one over the same files would drift away from it.
"""


def publish_numbers(outputs: Sequence[str], results: Path, folder: Path) -> None:
    """Replaces the numbers in ``folder`` by those among ``outputs``, files under ``results``; see ``COPIED``.

    ``metrics.json`` has the scores of every experiment that a table compares, in percent.
    """
    for name, patterns in COPIED.items():
        with written_aside(folder / name) as aside:
            aside.mkdir(parents=True)
            for file in map(Path, outputs):
                path = file.relative_to(results) if file.is_relative_to(results) else Path()
                if file.is_file() and any(path.match(pattern) for pattern in patterns):
                    flat = "_".join(path.parts[:-1]) if name == "histories" else path.stem
                    shutil.copyfile(file, aside / f"{flat}{path.suffix}")
    with written_aside(folder / "metrics.json") as aside:
        aside.write_text(json.dumps(scores(sorted((folder / "tables").glob("*.csv"))), indent=2, sort_keys=True) + "\n")


def scores(tables: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Experiment → its scores and those of its labels, in percent, as the tables of experiments have them."""
    found: dict[str, dict[str, float]] = {}
    for rows in map(_rows, tables):
        for row in rows:
            values = {k: round(float(row[k]), 4) for k in SCORES if row.get(k)}
            if {"experiment", "seeds"} <= row.keys() and values:  # not the scores of each seed
                found.setdefault(row["experiment"], {}).update(values, seeds=int(row["seeds"]))
    return found


def describe(repository: Path, config: Config, files: Sequence[str] = ()) -> None:
    """Writes ``dvc.yaml``: what it says of this data set is replaced, and what it says of others kept.

    ``files``: what the remote keeps; checkpoints among them that are an experiment's result become DVC artifacts.
    """
    path, dataset = repository / "dvc.yaml", config.folder
    folder = f"results/published/{dataset}"
    old: dict[str, Any] = (yaml.safe_load(path.read_text()) if path.is_file() else None) or {}

    def foreign(name: str) -> bool:
        return not name.startswith((f"{folder}/", f"{dataset}: "))

    models = _models(config, files)
    content = {
        "params": sorted(f.relative_to(repository).as_posix() for f in (repository / "config").glob("*.yaml")),
        "metrics": sorted({*filter(foreign, old.get("metrics", [])), f"{folder}/metrics.json"}),
        "plots": [p for p in old.get("plots", []) if all(map(foreign, p))] + _plots(repository, folder, config),
        "artifacts": {k: v for k, v in old.get("artifacts", {}).items() if f"results/{dataset}/" not in v["path"]}
        | models,
    }
    with written_aside(path) as aside:
        aside.write_text(HEADER + yaml.safe_dump({k: v for k, v in content.items() if v}, sort_keys=False, width=120))


def _plots(repository: Path, folder: str, config: Config) -> list[dict[str, dict]]:
    """Bars for tables of experiments, lines for sweeps, and the losses of each stage's trainings in one plot."""
    plots = []
    for name, table in config.tables.items():
        file = f"{folder}/tables/{name}.csv"
        columns = next(iter(_rows(repository / file)), {}).keys() if (repository / file).is_file() else ()
        bars = next((c for c in BARS if {c, "label"} <= {*columns}), None)
        if bars:
            style = {"template": "bar_horizontal", "title": table.title, "x": bars, "y": "label"}
            plots.append({file: {**style, "x_label": BARS[bars], "y_label": ""}})
    for name, sweep in config.sweeps.items():
        file = f"{folder}/curves/{name}.csv"
        if (repository / file).is_file():
            style = {"title": sweep.title, "x": "value", "y": "miou"}
            plots.append({file: {**style, "x_label": sweep.axis, "y_label": "val mIoU (%)"}})
    losses: dict[str, list[str]] = {}
    for file in sorted((repository / folder / "histories").glob("*.csv")):
        losses.setdefault(_stage(file.stem), []).append(f"{folder}/histories/{file.name}")
    for stage, files in losses.items():
        title = f"{config.folder}: training loss, {stage}"
        plots.append({title: {"x": "epoch", "y": dict.fromkeys(files, "loss"), "y_label": "loss"}})
    return plots


def _models(config: Config, files: Sequence[str]) -> dict[str, dict[str, str]]:
    """The released checkpoints of the first seed that are an experiment's result, by names that DVC allows."""
    plan, models = Plan(config), {}
    for name, experiment in config.experiments.items():
        variant = plan.variant("model", plan.settings(name))
        path = f"results/{config.folder}/{variant.stage}/{variant.name}/seed-{config.seeds[0]}/model.safetensors"
        if path in files:
            key = re.sub(r"[^a-z0-9]+", "-", f"{config.folder}-{name}".lower()).strip("-")
            models[key] = {"path": path, "type": "model", "desc": experiment.label}
    return models


def _stage(stem: str) -> str:
    """The stage in a flat name; variants and seeds follow it."""
    stages = ("classifier", "image_classifier", "integral", "round1", "round2", "fully_supervised")
    return next((s for s in stages if stem.startswith(f"{s}_")), stem)


def _rows(table: Path) -> list[dict[str, str]]:
    with open(table, newline="") as stream:
        return list(csv.DictReader(stream))
