"""The ledger: tolerances, verdicts, and what is claimed of which evaluation; and the papers' files themselves."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
import yaml

from wsss.ledger import NUMBERS, VAL_IMAGES, ledger_table, our_table, read_numbers, stated_scores, tolerance
from wsss.pages import section, to_latex, to_markdown

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "config" / "paper"
LABELS = {"nsrom": "whole chain", "gr": "+ GR", "mine": "no number of the paper"}


def evaluations(folder: Path, experiment: str, *scores: float, images: int = VAL_IMAGES) -> list[Path]:
    """The ``metrics.json`` of one experiment, a seed for each mIoU in %."""
    files = [folder / f"{experiment}-{seed}.json" for seed in range(len(scores))]
    for file, score in zip(files, scores, strict=True):
        modes = {"crf": {"miou": score / 100}, "raw": {"miou": score / 100 - 0.05}}
        file.write_text(json.dumps({"images": images, **modes}))
    return files


def ledger_file(folder: Path, *rows: str, name: str = "nsrom_ledger.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([",".join(NUMBERS), *rows]) + "\n")
    return file


@pytest.fixture
def numbers(tmp_path: Path) -> pd.DataFrame:
    rows = ("a,Table 2,nsrom,val,70.4,0.5,COCO", "b,Table 2,nsrom,test,70.2,0.5,", "c,Table 3,gr,val,68.8,0.5,")
    return read_numbers([ledger_file(tmp_path, *rows)])


# --- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spread", "allowed"), [(float("nan"), 0.5), (0.1, 0.5), (0.25, 0.5), (0.4, 0.8)])
def test_the_tolerance_is_half_a_point_or_two_standard_deviations(spread: float, allowed: float):
    assert tolerance(0.5, spread) == pytest.approx(allowed)


@pytest.mark.parametrize(
    ("scores", "difference", "allowed", "verdict"),
    [
        ((70.4,), 0.0, 0.5, "reproduced"),
        ((69.9,), -0.5, 0.5, "reproduced"),  # at the tolerance
        ((69.89,), -0.51, 0.5, "not reproduced"),
        ((71.0,), 0.6, 0.5, "not reproduced"),  # better is not the paper's number either
        ((69.0, 70.0), -0.9, math.sqrt(2), "reproduced"),  # std √½, twice that
        ((69.0, 69.2), -1.3, 0.5, "not reproduced"),
    ],
)
def test_verdicts(
    tmp_path: Path, numbers: pd.DataFrame, scores: tuple, difference: float, allowed: float, verdict: str
):
    row = ledger_table(numbers, LABELS, {"nsrom": evaluations(tmp_path, "nsrom", *scores)}).iloc[0]
    assert row["difference"] == pytest.approx(difference)
    assert row["tolerance"] == pytest.approx(allowed)
    assert (row["verdict"], row["seeds"]) == (verdict, len(scores))
    assert row["paper"] == 70.4
    assert row["ours"] == pytest.approx(sum(scores) / len(scores))
    assert row["ours_without_crf"] == pytest.approx(row["ours"] - 5)


def test_what_has_not_been_evaluated_is_not_run(tmp_path: Path, numbers: pd.DataFrame):
    table = ledger_table(numbers, LABELS, {"nsrom": evaluations(tmp_path, "nsrom", 70.4), "gr": []})
    assert table["number"].tolist() == ["a", "b", "c"]
    assert table["verdict"].tolist() == ["reproduced", "not run", "not run"]  # b: val says nothing about test
    assert table["seeds"].tolist() == [1, 0, 0]
    assert table[["ours", "difference", "tolerance"]].iloc[1:].isna().all(axis=None)
    assert table["label"].tolist() == ["whole chain", "whole chain", "+ GR"]


def test_an_experiment_that_the_config_lacks_keeps_its_name(numbers: pd.DataFrame):
    table = ledger_table(numbers, {}, {})
    assert table["label"].tolist() == ["nsrom", "nsrom", "gr"]
    assert set(table["verdict"]) == {"not run"}


def test_an_evaluation_of_other_images_claims_nothing(tmp_path: Path, numbers: pd.DataFrame):
    files = evaluations(tmp_path, "nsrom", 70.4, images=6)
    row = ledger_table(numbers, LABELS, {"nsrom": files}).iloc[0]
    assert row["verdict"] == "other images"
    assert math.isnan(row["difference"]) and math.isnan(row["tolerance"])
    assert row["ours"] == pytest.approx(70.4)


def test_a_score_that_is_missing_claims_nothing(tmp_path: Path, numbers: pd.DataFrame):
    file = tmp_path / "m.json"
    file.write_text(json.dumps({"images": VAL_IMAGES, "crf": {"miou": None}, "raw": {"miou": None}}))
    row = ledger_table(numbers, LABELS, {"nsrom": [file]}).iloc[0]
    assert row["verdict"] == "no score"


def test_on_other_data_ours_stand_alone(tmp_path: Path, numbers: pd.DataFrame):
    files = {"nsrom": evaluations(tmp_path, "nsrom", 60.0, 62.0, images=6), "gr": []}
    table = our_table(numbers, LABELS, files)
    assert list(table.columns) == ["label", "ours", "ours_std", "ours_without_crf", "ours_without_crf_std", "seeds"]
    assert table["label"].tolist() == ["whole chain", "+ GR"]  # once each, and only what the paper has a number of
    assert table["ours"].tolist() == pytest.approx([61.0, float("nan")], nan_ok=True)
    assert table["seeds"].tolist() == [2, 0]
    assert "70.4" not in table.to_csv()


# --- text ---------------------------------------------------------------------------------------------------------


def test_the_ledger_reads_well_after_its_csv(tmp_path: Path, numbers: pd.DataFrame):
    file = tmp_path / "ledger.csv"
    evaluated = {"nsrom": evaluations(tmp_path, "nsrom", 70.0, 70.2), "gr": evaluations(tmp_path, "gr", 60.0)}
    ledger_table(numbers, LABELS, evaluated).to_csv(file, index=False)
    table = pd.read_csv(file)
    lines = to_markdown(table).splitlines()
    assert lines[0] == (
        "| number | in the paper | experiment | split | paper (VOC 2012) | ours | ours without CRF | seeds "
        "| difference | tolerance | verdict | note |"
    )
    assert lines[2] == (
        "| a | Table 2 | whole chain | val | 70.4 | 70.1 ± 0.1 | 65.1 ± 0.1 | 2 | -0.3 | 0.5 | reproduced | COCO |"
    )
    assert lines[3] == "| b | Table 2 | whole chain | test | 70.2 | – | – | 0 | – | – | not run | – |"
    html = section(table)
    assert 'class="good">reproduced' in html and 'class="bad">not reproduced' in html
    assert r"70.1 $\pm$ 0.1" in to_latex(table)


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,T,nsrom,train,70.4,0.5,"], "split is neither val nor test"),
        (["a,T,nsrom,val,70.4,0.5,", "a,T,gr,val,70.4,0.5,"], "'a' is listed twice"),
    ],
)
def test_a_wrong_ledger_is_refused(tmp_path: Path, rows: list[str], message: str):
    with pytest.raises(ValueError, match=message):
        read_numbers([ledger_file(tmp_path, *rows)])


def test_a_ledger_without_a_column_is_refused(tmp_path: Path):
    file = tmp_path / "x_ledger.csv"
    file.write_text("number,where\na,T\n")
    with pytest.raises(ValueError, match=r"x_ledger\.csv lacks the column 'experiment'"):
        read_numbers([file])


def test_ledgers_of_several_papers_are_joined(tmp_path: Path):
    one = ledger_file(tmp_path, "a,T,nsrom,val,70.4,0.5,", name="one_ledger.csv")
    two = ledger_file(tmp_path, "b,T,gr,val,68.8,0.5,x", name="two_ledger.csv")
    numbers = read_numbers([one, two])
    assert numbers["number"].tolist() == ["a", "b"] and numbers["note"].tolist() == ["", "x"]
    assert stated_scores(numbers) == {"nsrom": 70.4, "gr": 68.8}


def test_test_scores_are_not_the_validation_score(numbers: pd.DataFrame):
    assert stated_scores(numbers) == {"nsrom": 70.4, "gr": 68.8}


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_numbers([PAPER / "nsrom_ledger.csv"])


def test_each_experiment_has_one_number_a_split(published: pd.DataFrame):
    assert not published.duplicated(["experiment", "split"]).any()
    assert (published["tolerance"] > 0).all() and published["value"].between(50, 100).all()


def test_every_validation_number_of_tables_3_and_4_has_its_experiment(published: pd.DataFrame):
    """A misspelt experiment would be "not run" for ever; those of Tables 1 and 2 need VOC's initial weights."""
    experiments = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["experiments"]
    tables = published[published["where"].str.contains("3|4")]
    assert set(tables["experiment"]) <= set(experiments)
    assert set(published["experiment"]) - set(experiments) == {"nsrom_vgg16", "nsrom_imagenet"}
