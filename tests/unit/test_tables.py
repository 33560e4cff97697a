"""Tables: statistics over seeds, directions, and how they are written, on numbers small enough to check by hand."""

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from wsss.pages import display, experiments_page, page, section, to_latex, to_markdown
from wsss.run_records import environment_table, provenance_table, runtime_table
from wsss.tables import (
    class_table,
    direction_table,
    experiment_table,
    over_seeds,
    read_scores,
    stage_quality_table,
    sweep_table,
    verdict,
)

LABELS = {"weak": "weak one", "strong": "strong one"}


def evaluation(folder: Path, name: str, crf: float | None, raw: float, iou: dict | None = None, **conditions) -> Path:
    """A ``metrics.json`` as the evaluation writes it."""
    file = folder / f"{name}.json"
    scores = {m: {"miou": v, "pixel_accuracy": v, "iou": iou or {}} for m, v in (("crf", crf), ("raw", raw))}
    file.write_text(json.dumps({"images": 6, **scores, "conditions": {"flip": False, **conditions}}))
    return file


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two experiments and the bound, two seeds each."""
    scores = {"weak": (0.50, 0.54), "strong": (0.60, 0.62), "bound": (0.80, 0.80)}
    return [evaluation(tmp_path, f"{e}-{s}", v, v - 0.1) for e, values in scores.items() for s, v in enumerate(values)]


@pytest.fixture
def scores(files: list[Path]) -> pd.DataFrame:
    return read_scores(["weak", "strong", "bound"], [0, 1], files)


STATED = {"strong": 70.4, "elsewhere": 50.0}


# --- numbers ------------------------------------------------------------------------------------------------------


def test_scores_are_percentages_in_the_order_of_experiments_and_seeds(scores: pd.DataFrame):
    assert scores["experiment"].tolist() == ["weak", "weak", "strong", "strong", "bound", "bound"]
    assert scores["seed"].tolist() == [0, 1] * 3
    assert scores["miou"].tolist() == pytest.approx([50, 54, 60, 62, 80, 80])
    assert scores["miou_without_crf"].tolist() == pytest.approx([40, 44, 50, 52, 70, 70])


def test_an_evaluation_that_stands_for_all_seeds_counts_once(tmp_path: Path):
    released, ours = evaluation(tmp_path, "released", 0.7, 0.6), evaluation(tmp_path, "ours", 0.5, 0.4)
    scores = read_scores(["released", "ours"], [0, 1], [released, released, ours, evaluation(tmp_path, "b", 0.6, 0.5)])
    assert list(zip(scores["experiment"], scores["seed"], strict=True)) == [("released", 0), ("ours", 0), ("ours", 1)]
    assert over_seeds(scores, ["experiment"], ["miou"])["seeds"].tolist() == [1, 2]


def test_a_wrong_number_of_evaluations_is_refused(files: list[Path]):
    with pytest.raises(ValueError, match="6 evaluations for 2 experiments with 2 seeds"):
        read_scores(["weak", "strong"], [0, 1], files)


def test_a_damaged_evaluation_is_named(tmp_path: Path):
    file = tmp_path / "metrics.json"
    file.write_text('{"crf": {}}')
    with pytest.raises(ValueError, match=r"metrics\.json has no 'crf\.miou'"):
        read_scores(["weak"], [0], [file])


def test_a_table_has_mean_spread_retention_and_the_papers_number(scores: pd.DataFrame):
    table = experiment_table(scores, LABELS, STATED, "bound")
    assert table["label"].tolist() == ["weak one", "strong one"]
    assert table["miou"].tolist() == pytest.approx([52, 61])
    assert table["miou_std"].tolist() == pytest.approx([math.sqrt(8), math.sqrt(2)])  # ddof = 1
    assert table["retention"].tolist() == pytest.approx([65, 76.25])
    assert table["seeds"].tolist() == [2, 2]
    assert math.isnan(table["paper"][0]) and table["paper"][1] == 70.4


def test_a_table_without_a_bound_has_no_retention(scores: pd.DataFrame):
    assert "retention" not in experiment_table(scores, LABELS, STATED, None)


def test_one_seed_has_no_spread(scores: pd.DataFrame):
    table = over_seeds(scores[scores["seed"] == 0], ["experiment"], ["miou"])
    assert table["miou_std"].isna().all()
    assert table["seeds"].tolist() == [1, 1, 1]


def test_directions_are_measured_seed_by_seed(scores: pd.DataFrame):
    pairs = pd.DataFrame({"worse": ["weak", "strong", "weak"], "better": ["strong", "weak", "elsewhere"]})
    table = direction_table(scores, LABELS, pairs)
    assert table["worse"].tolist() == ["weak one", "strong one"]  # the third pair's row is not in the table
    assert table["difference"].tolist() == pytest.approx([9, -9])  # seeds: 10 and 8
    assert table["difference_std"].tolist() == pytest.approx([math.sqrt(2)] * 2)
    assert table["verdict"].tolist() == ["holds beyond one std", "opposite beyond one std"]


@pytest.mark.parametrize(
    ("difference", "spread", "seeds", "words"),
    [
        (1.0, 0.9, 3, "holds beyond one std"),
        (1.0, 1.0, 3, "inside one std"),
        (-1.0, 1.1, 3, "inside one std"),
        (-1.0, 0.9, 3, "opposite beyond one std"),
        (5.0, float("nan"), 1, "one seed: no verdict"),
        (float("nan"), float("nan"), 0, "no score: no verdict"),
    ],
)
def test_verdicts(difference: float, spread: float, seeds: int, words: str):
    assert verdict(difference, spread, seeds) == words


def test_classes_are_averaged_over_seeds_and_absent_ones_do_not_count(tmp_path: Path):
    files = [
        evaluation(tmp_path, "a", 0.5, 0.4, {"background": 0.8, "cat": 0.2, "tv": None}),
        evaluation(tmp_path, "b", 0.5, 0.4, {"background": 0.6, "cat": 0.4, "tv": None}),
    ]
    table = class_table({"one": "only row"}, [0, 1], files)
    assert table["class"].tolist() == ["background", "cat", "tv", "mIoU"]
    assert table["only row"].tolist() == pytest.approx([70, 30, float("nan"), 50], nan_ok=True)


def test_a_curve_has_one_point_per_value(files: list[Path]):
    table = sweep_table([1, 5, "ten"], [0, 1], files)
    assert table["value"].tolist() == ["1", "5", "ten"]
    assert table["miou"].tolist() == pytest.approx([52, 61, 80])
    assert table["miou_std"].tolist() == pytest.approx([math.sqrt(8), math.sqrt(2), 0])
    assert "paper" not in table


def test_a_curve_has_the_papers_numbers_where_there_are_any(files: list[Path]):
    table = sweep_table([1, 5, "ten"], [0, 1], files, {"5": 70.4})
    assert table["paper"].tolist() == pytest.approx([float("nan"), 70.4, float("nan")], nan_ok=True)


def test_stages_are_averaged_over_seeds(tmp_path: Path):
    for name, coverage in (("a", 0.8), ("b", 0.9)):
        (tmp_path / name).write_text(f"stage,images,miou,coverage\ncam,12,0.5,1.0\nmined,12,0.7,{coverage}\n")
    table = stage_quality_table({"nsrom": "whole chain"}, [0, 1], [tmp_path / "a", tmp_path / "b"])
    assert table["stage"].tolist() == ["CAM", "pseudo label"]
    assert table["coverage"].tolist() == pytest.approx([100, 85])
    assert table["coverage_std"].tolist() == pytest.approx([0, math.sqrt(50)])
    assert table["seeds"].tolist() == [2, 2]


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(scores: pd.DataFrame) -> pd.DataFrame:
    return experiment_table(scores, LABELS, STATED, "bound")


def test_mean_and_spread_share_a_column(table: pd.DataFrame):
    shown = display(table)
    assert list(shown.columns) == [
        "experiment", "mIoU", "mIoU without CRF", "seeds", "retention (%)", "paper (VOC 2012)",
    ]  # fmt: skip
    assert shown.iloc[0].tolist() == ["weak one", "52.0 ± 2.8", "42.0 ± 2.8", "2", "65.0", "–"]


def test_one_seed_is_shown_without_a_number_for_its_spread(scores: pd.DataFrame):
    shown = display(experiment_table(scores[scores["seed"] == 0], LABELS, STATED, "bound"))
    assert shown["mIoU"].tolist() == ["50.0 ± –", "60.0 ± –"]


def test_markdown_aligns_numbers_and_keeps_its_columns(table: pd.DataFrame):
    table.loc[0, "label"] = "a | b"
    lines = to_markdown(table, "Title", "Note.").split("\n")
    assert lines[0] == "**Title**" and lines[-2] == "Note."
    assert lines[3] == "|---|---:|---:|---:|---:|---:|"
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")} == {7}


def test_latex_escapes(table: pd.DataFrame):
    table.loc[0, "label"] = "50 % of a_b & c"
    text = to_latex(table, "Ablation (%)")
    assert r"50 \% of a\_b \& c & 52.0 $\pm$ 2.8 &" in text
    assert r"\caption{Ablation (\%).}" in text
    assert r"\begin{tabular}{lrrrrr}" in text


def test_a_page_is_self_contained_and_escapes(table: pd.DataFrame, scores: pd.DataFrame):
    table.loc[0, "label"] = "<script>"
    directions = direction_table(scores, LABELS, pd.DataFrame({"worse": ["weak"], "better": ["strong"]}))
    classes = pd.DataFrame({"class": ["cat"], "weak one": [1.0]})
    text = experiments_page("Title <1>", "Note.", table, directions, classes, name="table9")
    assert "<script>" not in text and "&lt;script&gt;" in text and "Title &lt;1&gt;" in text
    assert "http" not in text
    assert 'class="good">holds beyond one std' in text
    assert '<td class="number best">61.0 ± 1.4</td>' in text
    assert 'download="table9.csv"' in text


def test_the_bound_and_a_single_row_are_not_called_best(scores: pd.DataFrame):
    with_bound = experiment_table(scores, {"bound": "bound", **LABELS}, STATED, "bound")
    assert '<td class="number best">61.0' in section(with_bound, best=True)
    assert "best" not in section(experiment_table(scores, {"weak": "one"}, STATED, "bound"), best=True)


def test_a_page_without_sections_is_still_a_page():
    assert page("Empty").startswith("<!doctype html>")


# --- records of a run ---------------------------------------------------------------------------------------------


def test_jobs_are_summed_by_rule(tmp_path: Path):
    for rule, job, seconds, memory in (
        ("train", "round1_default_seed-0", 10, "500.0"),
        ("train", "round2_kernel-5_seed-0", 20, "700.0"),
        ("train", "round2_kernel-7_seed-0", 90, "900.0"),  # a value that the configuration no longer has
        ("train", "round2_kernel-5_seed-1", 90, "900.0"),  # nor this seed
        ("fuse", "job", 0.5, "-"),
    ):
        (tmp_path / rule).mkdir(exist_ok=True)
        (tmp_path / rule / f"{job}.tsv").write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:10\t{memory}\n")
    table = runtime_table(tmp_path, {"default", "kernel-5"}, {0}).set_index("rule")
    assert table.loc["train"].tolist() == [2, 15, 30, 700]
    assert math.isnan(table.loc["fuse", "peak_memory_mib"])  # too short to be measured
    assert table.loc["all"].tolist()[:3] == [3, pytest.approx(30.5 / 3), 30.5]


def test_no_jobs_is_an_error(tmp_path: Path):
    with pytest.raises(ValueError, match="holds no benchmark files"):
        runtime_table(tmp_path, {"default"}, {0})
    with pytest.raises(ValueError, match=r"holds no provenance\.json"):
        provenance_table(tmp_path, {}, tmp_path / "data")


def test_provenance_lists_only_what_differs(tmp_path: Path):
    folder = tmp_path / "masked_labels" / "kernel-5" / "seed-0"
    folder.mkdir(parents=True)
    record = {
        "rule": "mask", "finished": "2026-01-01T00:00:00+00:00", "seed": 0, "wall_seconds": 1.5,
        "peak_memory_mib": 80,
        "code": {"commit": "0123456789abcdef", "dirty": True},
        "parameters": {"masking.kernel": 5, "masking.mask": True},
        "libraries": {"torch": "2.15.0"}, "python": "3.11", "device": {"cores": 2},
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(record))
    row = provenance_table(tmp_path, {"masking.kernel": 10, "masking.mask": True}, tmp_path / "data").iloc[0]
    assert row["artifact"] == "masked_labels/kernel-5/seed-0"
    assert row["code"] == "0123456789 + edits"
    assert row["differs_from_baseline"] == "masking.kernel = 5"
    assert dict(environment_table(tmp_path).to_numpy()) == {"python": "3.11", "torch": "2.15.0", "cores": "2"}


def test_provenance_of_data_that_other_results_share(tmp_path: Path):
    for folder in ("second/round1", "first/data/saliency", "first/round1"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "provenance.json").write_text("{}")
    table = provenance_table(tmp_path / "second", {}, tmp_path / "first/data")
    assert sorted(table["artifact"]) == ["../first/data/saliency", "round1"]
    assert len(provenance_table(tmp_path / "first", {}, tmp_path / "first/data")) == 2
