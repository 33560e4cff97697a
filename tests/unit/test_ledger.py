"""The ledger: verdicts, conditions, and what is claimed of which evaluation; and the papers' files themselves."""

import csv
import json
import math
from pathlib import Path

import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from wsss.conditions import COMPARED, conditions_of, differences
from wsss.config import load_config, with_settings
from wsss.ledger import NUMBERS, ledger_table, our_table, read_numbers, stated_scores
from wsss.pages import section, to_latex, to_markdown

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "config" / "paper"
LABELS = {"nsrom": "whole chain", "gr": "+ GR", "mine": "no number of the paper"}
STATED = {  # what the paper says of its number; images are counted by the evaluation
    "data": "voc2012", "split": "val", "images": "1449", "method": "NSROM", "supervision": "I+S", "saliency": "theirs",
    "classifier": "VGG-16", "network": "DeepLab-v2", "backbone": "ResNet-101", "init": "ImageNet", "scales": "1, 0.5",
    "reduce": "max", "flip": "no", "crf": "yes",
}  # fmt: skip
CONDITIONS = {e: {k: v for k, v in STATED.items() if k != "images"} for e in LABELS}


def evaluations(folder: Path, experiment: str, *scores: float, images: int = 1449) -> list[Path]:
    """The ``metrics.json`` of one experiment, a seed for each mIoU in %."""
    files = [folder / f"{experiment}-{seed}.json" for seed in range(len(scores))]
    for file, score in zip(files, scores, strict=True):
        modes = {"crf": {"miou": score / 100}, "raw": {"miou": score / 100 - 0.05}}
        file.write_text(json.dumps({"images": images, **modes}))
    return files


def ledger_file(folder: Path, *rows: dict, name: str = "nsrom_ledger.csv") -> Path:
    """A ledger of numbers, each ``STATED`` but for what its row says."""
    file = folder / name
    with open(file, "w", newline="") as stream:
        writer = csv.DictWriter(stream, NUMBERS)
        writer.writeheader()
        writer.writerows({"note": "", **STATED, **row} for row in rows)
    return file


def number(name: str, where: str, experiment: str, value: float, **said: str) -> dict:
    return {"number": name, "where": where, "experiment": experiment, "value": value, **said}


@pytest.fixture
def numbers(tmp_path: Path) -> pd.DataFrame:
    rows = [
        number("a", "Table 2", "nsrom", 70.4, note="COCO"),
        number("b", "Table 2", "nsrom", 70.2, split="test", images="1456"),
        number("c", "Table 3", "gr", 68.8),
    ]
    return read_numbers([ledger_file(tmp_path, *rows)])


# --- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "difference", "verdict"),
    [
        ((70.4,), 0.0, "one seed: no verdict"),
        ((70.4, 70.4), 0.0, "2 seeds: no verdict"),
        ((70.3, 70.4, 70.5), 0.0, "reproduced"),
        ((69.4, 70.4, 71.4), 0.0, "undecided"),  # c: 2.92 · 1/√3 = 1.69 points
        ((60.0, 68.0, 76.0), -2.4, "undecided"),  # c: 13.5 points
        ((68.0, 68.1, 68.2), -2.3, "differs"),
        ((72.0, 72.1, 72.2), 1.7, "differs"),  # better is not the paper's number either
    ],
)
def test_verdicts(tmp_path: Path, numbers: pd.DataFrame, scores: tuple, difference: float, verdict: str):
    files = {"nsrom": evaluations(tmp_path, "nsrom", *scores)}
    row = ledger_table(numbers, LABELS, files, CONDITIONS).iloc[0]
    assert row["difference"] == pytest.approx(difference)
    assert (row["verdict"], row["seeds"]) == (verdict, len(scores))
    assert row["paper"] == 70.4
    assert row["ours"] == pytest.approx(sum(scores) / len(scores))
    assert row["ours_without_crf"] == pytest.approx(row["ours"] - 5)


def test_the_spread_of_other_experiments_of_the_method_counts_too(tmp_path: Path, numbers: pd.DataFrame):
    calm, wild = (70.3, 70.4, 70.5), (60.0, 68.8, 77.6)
    alone = ledger_table(numbers, LABELS, {"nsrom": evaluations(tmp_path, "nsrom", *calm)}, CONDITIONS)
    files = {"nsrom": evaluations(tmp_path, "nsrom", *calm), "gr": evaluations(tmp_path, "gr", *wild)}
    pooled = ledger_table(numbers, LABELS, files, CONDITIONS)
    assert (alone["verdict"][0], pooled["verdict"][0]) == ("reproduced", "undecided")
    # s̃² = (4 (.01 + 77.44)/2 + 2 · .01) / 6, c = t(.95, 6) s̃/√3
    assert pooled["c"][0] == pytest.approx(1.943180 * math.sqrt((4 * (0.01 + 77.44) / 2 + 0.02) / 6 / 3), rel=1e-6)
    other = CONDITIONS | {"gr": CONDITIONS["gr"] | {"method": "another"}}
    assert ledger_table(numbers, LABELS, files, other)["verdict"][0] == "reproduced"


@pytest.mark.parametrize(
    ("said", "images", "verdict"),
    [
        ({}, 1449, "reproduced"),
        ({"backbone": "VGG-16"}, 1449, "other conditions: backbone VGG-16 instead of ResNet-101"),
        ({"split": "tune"}, 1449, "other conditions: split tune instead of val"),
        ({}, 300, "other conditions: pictures 300 instead of 1449"),
        (
            {"supervision": "I+S + MS-COCO masks", "init": "MS-COCO"},
            1449,
            "other conditions: supervision I+S + MS-COCO masks instead of I+S; "
            "initial weights MS-COCO instead of ImageNet",
        ),
        ({"saliency": ""}, 1449, "other conditions: saliency maps none instead of theirs"),
    ],
)
def test_numbers_under_other_conditions_have_no_verdict(
    tmp_path: Path, numbers: pd.DataFrame, said: dict, images: int, verdict: str
):
    files = {"nsrom": evaluations(tmp_path, "nsrom", 70.3, 70.4, 70.5, images=images)}
    row = ledger_table(numbers, LABELS, files, CONDITIONS | {"nsrom": CONDITIONS["nsrom"] | said}).iloc[0]
    assert row["verdict"] == verdict
    assert row["ours"] == pytest.approx(70.4)
    assert math.isnan(row["difference"]) == (verdict != "reproduced")


@pytest.mark.parametrize("key", COMPARED)
def test_each_condition_is_compared_unless_the_paper_is_silent(tmp_path: Path, key: str):
    files = {"nsrom": evaluations(tmp_path, "nsrom", 70.3, 70.4, 70.5)}
    ours = CONDITIONS | {"nsrom": CONDITIONS["nsrom"] | {key: "val" if key == "split" else "another"}}
    stated = {key: "test"} if key == "split" else {key: "the paper's"}
    verdicts = []
    for row in ({}, stated, {key: STATED["split"] if key == "split" else ""}):
        table = read_numbers([ledger_file(tmp_path, number("a", "T", "nsrom", 70.4, **row))])
        verdicts.append(ledger_table(table, LABELS, files, ours)["verdict"][0])
    if key == "split":
        assert verdicts == ["reproduced", "not run", "reproduced"]
    elif key == "images":  # always those that were counted
        assert (
            verdicts[0] == "reproduced" and verdicts[1].startswith("other conditions") and verdicts[2] == "reproduced"
        )
    else:
        assert [v.startswith("other conditions: ") for v in verdicts] == [True, True, False]


def test_what_has_not_been_evaluated_is_not_run(tmp_path: Path, numbers: pd.DataFrame):
    files = {"nsrom": evaluations(tmp_path, "nsrom", 70.4), "gr": []}
    table = ledger_table(numbers, LABELS, files, CONDITIONS)
    assert table["number"].tolist() == ["a", "b", "c"]
    assert table["verdict"].tolist() == ["one seed: no verdict", "not run", "not run"]  # val says nothing about test
    assert table["seeds"].tolist() == [1, 0, 0]
    assert table[["ours", "difference", "c"]].iloc[1:].isna().all(axis=None)
    assert table["label"].tolist() == ["whole chain", "whole chain", "+ GR"]


def test_an_experiment_that_the_config_lacks_keeps_its_name(numbers: pd.DataFrame):
    table = ledger_table(numbers, {}, {}, {})
    assert table["label"].tolist() == ["nsrom", "nsrom", "gr"]
    assert set(table["verdict"]) == {"not run"}


def test_a_score_that_is_missing_claims_nothing(tmp_path: Path, numbers: pd.DataFrame):
    file = tmp_path / "m.json"
    file.write_text(json.dumps({"images": 1449, "crf": {"miou": None}, "raw": {"miou": None}}))
    row = ledger_table(numbers, LABELS, {"nsrom": [file]}, CONDITIONS).iloc[0]
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
    evaluated = {
        "nsrom": evaluations(tmp_path, "nsrom", 70.3, 70.4, 70.5),
        "gr": evaluations(tmp_path, "gr", 60.0, 60.1, 60.2),
    }
    ledger_table(numbers, LABELS, evaluated, CONDITIONS).to_csv(file, index=False)
    table = pd.read_csv(file)
    lines = to_markdown(table).splitlines()
    assert lines[0] == (
        "| number | in the paper | experiment | data set | split | paper (VOC 2012) | ours | ours without CRF | seeds "
        "| difference | c | verdict | note |"
    )
    assert lines[2] == (
        "| a | Table 2 | whole chain | voc2012 | val | 70.4 | 70.4 ± 0.1 | 65.4 ± 0.1 | 3 | 0.0 | 0.1 | reproduced "
        "| COCO |"
    )
    assert lines[3] == "| b | Table 2 | whole chain | voc2012 | test | 70.2 | – | – | 0 | – | – | not run | – |"
    html = section(table)
    assert 'class="good">reproduced' in html and 'class="bad">differs' in html
    assert r"70.4 $\pm$ 0.1" in to_latex(table)


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([number("a", "T", "nsrom", 70.4, split="train")], "split is neither val nor test"),
        ([number("a", "T", "nsrom", 70.4), number("a", "T", "gr", 70.4)], "'a' is listed twice"),
    ],
)
def test_a_wrong_ledger_is_refused(tmp_path: Path, rows: list[dict], message: str):
    with pytest.raises(ValueError, match=message):
        read_numbers([ledger_file(tmp_path, *rows)])


def test_a_ledger_without_a_column_is_refused(tmp_path: Path):
    file = tmp_path / "x_ledger.csv"
    file.write_text("number,where\na,T\n")
    with pytest.raises(ValueError, match=r"x_ledger\.csv lacks the column 'experiment'"):
        read_numbers([file])


def test_ledgers_of_several_papers_are_joined(tmp_path: Path):
    one = ledger_file(tmp_path, number("a", "T", "nsrom", 70.4), name="one_ledger.csv")
    two = ledger_file(tmp_path, number("b", "T", "gr", 68.8, note="x"), name="two_ledger.csv")
    numbers = read_numbers([one, two])
    assert numbers["number"].tolist() == ["a", "b"] and numbers["note"].tolist() == ["", "x"]
    assert stated_scores(numbers) == {"nsrom": 70.4, "gr": 68.8}


def test_neither_test_scores_nor_other_data_are_the_validation_score(tmp_path: Path, numbers: pd.DataFrame):
    assert stated_scores(numbers) == {"nsrom": 70.4, "gr": 68.8}
    assert stated_scores(read_numbers([ledger_file(tmp_path, number("a", "T", "gr", 29.9, data="coco"))])) == {}


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_numbers(sorted(PAPER.glob("*_ledger.csv")))


def test_each_experiment_has_one_number_a_split(published: pd.DataFrame):
    assert not published.duplicated(["experiment", "data", "split"]).any()
    assert published["value"].between(20, 100).all()


@pytest.mark.parametrize(
    ("file", "overlays"),
    [
        ("nsrom", ["voc2012.yaml"]),
        ("generic", ["voc2012.yaml", "voc2012_generic.yaml"]),
        ("generic", ["voc2012.yaml", "voc2012_generic.yaml", "coco.yaml"]),
        ("smvwe", ["voc2012.yaml", "voc2012_smvwe.yaml"]),
    ],
)
def test_the_configs_of_the_papers_have_the_papers_conditions(file: str, overlays: list[str]):
    """Everything but the saliency maps, which are another detector's by default, is as the paper states it."""
    raw = {}
    for name in ["config.yaml", *overlays]:
        update_config(raw, yaml.safe_load((ROOT / "config" / name).read_text()))
    config = load_config(raw)
    numbers = read_numbers([PAPER / f"{file}_ledger.csv"])
    ours = numbers[(numbers["data"] == config.dataset.folder) & (numbers["split"] == "val")]
    assert len(ours)
    for row in ours.to_dict("records"):
        said = conditions_of(with_settings(config, config.experiments[row["experiment"]].set), config.dataset)
        others = differences(said | {"images": row["images"]}, row)
        assert [o for o in others if not o.startswith("saliency maps U²-Net instead of ")] == []
