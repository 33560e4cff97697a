"""The table of methods, on numbers small enough to check by hand."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from wsss.config import ConfigError, load_config
from wsss.method_comparison import costs, method_table
from wsss.pages import display


def record(folder: Path, name: str, rule: str, seconds: float, memory: int | None) -> Path:
    """A ``provenance.json``, as far as it is read."""
    file = folder / name / "provenance.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"rule": rule, "wall_seconds": seconds, "peak_memory_mib": memory}))
    return file


def test_costs_are_summed_by_kind_and_memory_is_the_largest(tmp_path: Path):
    chain = [
        record(tmp_path, "a", "train_classifier", 10, 500),
        record(tmp_path, "b", "export_cams", 2.5, 900),
        record(tmp_path, "c", "estimate_masks", 4, None),
        record(tmp_path, "d", "train_segmentation", 20, 700),
        record(tmp_path, "e", "evaluate", 3, 100),
    ]
    assert costs(chain) == {"training_s": 30, "labels_s": 6.5, "evaluation_s": 3, "peak_memory_mib": 900}


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """A method with two seeds, and the bound, which is a row as well."""
    metrics, measured, chains = [], [], {"bound": [], "ours": []}
    for e, scores in {"bound": (0.8, 0.8), "ours": (0.5, 0.7)}.items():
        for seed, score in enumerate(scores):
            metrics.append(tmp_path / f"{e}-{seed}.json")
            modes = {"crf": {"miou": score}, "raw": {"miou": score - 0.1}}
            metrics[-1].write_text(json.dumps({"images": 1, **modes}))
            chains[e].append([record(tmp_path, f"{e}-{seed}", "train_segmentation", 10 + 10 * seed, 300)])
    for seed in range(2):
        quality, boundaries = tmp_path / f"q{seed}.csv", tmp_path / f"b{seed}.csv"
        shares = {"coverage": [1.0, 0.8], "miou_255_as_error": [0.1, 0.5]}
        quality_of = {"stage": ["cam", "mined"], "miou": [0.1, 0.6 + 0.1 * seed]} | shares
        pd.DataFrame(quality_of).to_csv(quality, index=False)
        pd.DataFrame({"stage": ["cam", "mined"], "f1": [0.1, 0.4]}).to_csv(boundaries, index=False)
        measured.append((quality, boundaries))
    rows = {
        "bound": {"method": "true masks", "label": "the bound", "stage": None},
        "ours": {"method": "NSROM", "label": "ours", "stage": "mined"},
    }
    intervals = pd.DataFrame({"miou_low": [70.0, 40.0], "miou_high": [90.0, 80.0]}, index=["bound", "ours"])
    table = method_table(rows, [0, 1], metrics, {"ours": measured}, chains, "bound", intervals)
    return table.set_index("experiment")


def test_means_over_seeds(table: pd.DataFrame):
    ours = table.loc["ours"]
    assert ours["label_miou"] == pytest.approx(65) and ours["label_miou_std"] == pytest.approx(10 / math.sqrt(2))
    assert ours["label_coverage"] == pytest.approx(80) and ours["label_miou_255_as_error"] == pytest.approx(50)
    assert ours["boundary_f1"] == pytest.approx(40) and ours["boundary_f1_std"] == 0
    assert ours["miou"] == pytest.approx(60) and ours["miou_without_crf"] == pytest.approx(50)
    assert ours["retention"] == pytest.approx(75)
    assert ours["training_s"] == 15 and ours["peak_memory_mib"] == 300 and ours["seeds"] == 2


def test_the_bound_has_no_labels(table: pd.DataFrame):
    bound = table.loc["bound"]
    assert math.isnan(bound["label_miou"]) and math.isnan(bound["boundary_f1"])
    assert bound["retention"] == 100
    shown = display(table.reset_index())
    assert shown["mIoU of the labels"].tolist() == ["–", "65.0 ± 7.1"]
    assert shown["95 % interval"].tolist() == ["[70.0, 90.0]", "[40.0, 80.0]"]
    assert shown["method"].tolist() == ["true masks", "NSROM"]


def test_another_segmentation_network_is_refused():
    other = {"one": {"label": "1", "set": {}}, "two": {"label": "2", "set": {"segmentation.epochs": 9}}}
    bound = {"full": {"label": "bound", "set": {"segmentation.supervision": "full"}}}
    compare = {"title": "", "measure": "methods"}
    assert load_config({"experiments": other | bound, "tables": {"t": compare | {"rows": ["full", "one"]}}})
    with pytest.raises(
        ConfigError, match=r"tables\.t compares methods, but 'one' and 'two' differ in segmentation\.ep"
    ):
        load_config({"experiments": other, "tables": {"t": compare | {"rows": ["one", "two"]}}})
