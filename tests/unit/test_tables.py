"""Tables: scores over seeds and of each seed, and how they are written, on numbers small enough to check by hand."""

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
    experiment_table,
    over_seeds,
    read_scores,
    seed_table,
    stage_quality_table,
    sweep_table,
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


def test_classes_are_averaged_over_seeds_and_absent_ones_do_not_count(tmp_path: Path):
    files = [
        evaluation(tmp_path, "a", 0.5, 0.4, {"background": 0.8, "cat": 0.2, "tv": None}),
        evaluation(tmp_path, "b", 0.5, 0.4, {"background": 0.6, "cat": 0.4, "tv": None}),
    ]
    table = class_table({"one": "only row"}, [0, 1], files)
    assert table["class"].tolist() == ["background", "cat", "tv", "mIoU"]
    assert table["only row"].tolist() == pytest.approx([70, 30, float("nan"), 50], nan_ok=True)


def test_a_mean_of_a_class_leaves_no_seed_out(tmp_path: Path):
    """With one seed nothing is called a tv, and none occurs; with the other its IoU is 0."""
    files = [evaluation(tmp_path, n, 0.5, 0.4, {"cat": 0.2, "tv": v}) for n, v in (("a", None), ("b", 0.0))]
    table = class_table({"one": "only row"}, [0, 1], files)
    assert table["only row"].tolist() == pytest.approx([20, float("nan"), 50], nan_ok=True)


def test_the_scores_of_each_seed_are_kept(tmp_path: Path):
    files = [evaluation(tmp_path, str(n), 0.5 + n / 10, 0.4, {"a cat": 0.2, "tv": None}) for n in range(2)]
    table = seed_table({"weak": "weak one", "released": "checkpoint"}, [0, 7], [*files, files[0], files[0]])
    assert list(table) == ["experiment", "label", "seed", "miou", "miou_without_crf", "iou_a cat", "iou_tv"]
    assert table["label"].tolist() == ["weak one", "weak one", "checkpoint"]  # nothing was drawn: it counts once
    assert table["seed"].tolist() == [0, 7, 0] and table["miou"].tolist() == pytest.approx([50, 60, 50])
    assert table["iou_a cat"].tolist() == pytest.approx([20, 20, 20]) and table["iou_tv"].isna().all()


def test_a_row_has_its_interval_beside_its_mean(scores: pd.DataFrame):
    intervals = pd.DataFrame({"miou_low": [40.0, 55.0], "miou_high": [60.04, 65.0]}, index=["weak", "strong"])
    table = experiment_table(scores, LABELS, STATED, "bound", intervals)
    assert list(table)[2:7] == ["miou", "miou_std", "miou_low", "miou_high", "miou_without_crf"]
    shown = display(table)
    assert list(shown.columns)[1:4] == ["mIoU", "95 % interval", "mIoU without CRF"]
    assert shown["95 % interval"].tolist() == ["[40.0, 60.0]", "[55.0, 65.0]"]
    assert to_markdown(table).split("\n")[1].startswith("|---|---:|---:|---:|")


def test_retention_may_pass_100(scores: pd.DataFrame):
    assert experiment_table(scores, LABELS, STATED, "weak")["retention"].tolist() == pytest.approx([100, 6100 / 52])


def test_a_curve_has_one_point_per_value(files: list[Path]):
    table = sweep_table([1, 5, "ten"], [0, 1], files)
    assert table["value"].tolist() == ["1", "5", "ten"]
    assert table["miou"].tolist() == pytest.approx([52, 61, 80])
    assert table["miou_std"].tolist() == pytest.approx([math.sqrt(8), math.sqrt(2), 0])
    assert "paper" not in table


def test_a_curve_has_intervals(files: list[Path]):
    intervals = pd.DataFrame({"miou_low": [50.0, 60, 79], "miou_high": [54.0, 62, 81]}, index=["1", "5", "ten"])
    table = sweep_table([1, 5, "ten"], [0, 1], files, {"5": 70.4}, intervals)
    assert table["miou_low"].tolist() == [50, 60, 79] and table["paper"].count() == 1


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


def test_a_page_is_self_contained_and_escapes(table: pd.DataFrame):
    table.loc[0, "label"] = "<script>"
    claims = pd.DataFrame({"worse": ["<b>", "a"], "p": [0.00004, 0.2], "verdict": ["holds, below 1 point", "reversed"]})
    classes = pd.DataFrame({"class": ["cat"], "weak one": [1.0]})
    text = experiments_page("Title <1>", "Note.", table, claims, classes, name="table9")
    assert "<script>" not in text and "&lt;script&gt;" in text and "Title &lt;1&gt;" in text
    assert "http" not in text
    assert 'class="good">holds, below 1 point' in text and 'class="bad">reversed' in text
    assert '<td class="number">&lt; 0.001</td>' in text and '<td class="number">0.200</td>' in text
    assert 'download="table9.csv"' in text and 'download="table9_claims.csv"' in text
    assert "Claims, and what is found here" not in experiments_page("T", "", table, claims[:0], classes, name="table9")


def test_no_row_is_called_the_best(table: pd.DataFrame):
    """Which of two scores is higher is said by a claim and its verdict."""
    text = section(table)
    assert (
        '<td class="number">61.0 ± 1.4</td>' in text and "best" not in text and "font-weight: 700" not in page("", text)
    )


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
