"""Tables beside published methods: the rows, and the files of published numbers."""

from pathlib import Path

import pandas as pd
import pytest

from wsss.comparison import PUBLISHED, comparison_table, read_comparison, read_published
from wsss.ledger import read_numbers
from wsss.pages import to_latex, to_markdown

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"
OURS = {"nsrom": {"label": "+ NSRM", "supervision": "I+S", "backbone": "vgg16"}}
ROW = "SEC,ECCV,2016,I,VGG-16,50.7,51.7,its paper,yes"


def published_file(folder: Path, *rows: str, columns: tuple[str, ...] = PUBLISHED) -> Path:
    file = folder / "paper_table1.csv"
    file.write_text("\n".join([",".join(columns), *rows]) + "\n")
    return file


def scores(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"experiment": "nsrom", "seed": range(len(values)), "miou": values, "miou_without_crf": 1.0})


def test_ours_come_last_with_mean_spread_and_count(tmp_path: Path):
    table = comparison_table(read_published(published_file(tmp_path, ROW)), scores(64.0, 66.0), OURS)
    assert table["method"].tolist() == ["SEC", "+ NSRM (ours)"]
    assert table["val"].tolist() == pytest.approx([50.7, 65.0])
    assert table["std"].iloc[1] == pytest.approx(2**0.5)
    assert table["test"].iloc[0] == 51.7 and pd.isna(table["test"].iloc[1])
    assert pd.isna(table["seeds"].iloc[0]) and table["seeds"].iloc[1] == 2


def test_the_table_reads_well_after_its_csv(tmp_path: Path):
    file = tmp_path / "nsrom_table1.csv"
    comparison_table(read_published(published_file(tmp_path, ROW)), scores(64.0, 66.0), OURS).to_csv(file, index=False)
    table = read_comparison(file)
    lines = to_markdown(table).splitlines()
    assert lines[0] == (
        "| method | venue | year | supervision | backbone | val | std over seeds | test | seeds | source | verified |"
    )
    assert lines[2] == "| SEC | ECCV | 2016 | I | VGG-16 | 50.7 | – | 51.7 | – | its paper | yes |"
    assert lines[3] == "| + NSRM (ours) | – | – | I+S | VGG-16 | 65.0 | 1.4 | – | 2 | this run | – |"
    assert "65.0 & 1.4 & -- & 2" in to_latex(table)


def test_without_published_methods_only_what_ours_have_is_shown():
    table = comparison_table(pd.DataFrame(columns=PUBLISHED), scores(64.0), OURS)
    assert list(table.columns) == ["method", "supervision", "backbone", "val", "std", "seeds"]
    assert table["seeds"].tolist() == [1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ROW.replace("51.7", "517"), "gives 'SEC' a score that is no percentage"),
        (ROW.replace("51.7", ""), "gives 'SEC' a score that is no percentage"),
        (ROW.replace("yes", "maybe"), "'verified' is neither yes nor no"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, row: str, message: str):
    with pytest.raises(ValueError, match=message):
        read_published(published_file(tmp_path, row))


def test_a_missing_column_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"paper_table1\.csv lacks the column 'verified'"):
        read_published(published_file(tmp_path, ROW.removesuffix(",yes"), columns=PUBLISHED[:-1]))


@pytest.mark.parametrize("name", ["nsrom_table1", "nsrom_table2"])
def test_published_methods_are_listed_once_and_in_order(name: str):
    table = read_published(PAPER / f"{name}.csv")
    assert table["method"].is_unique
    assert table["year"].is_monotonic_increasing
    assert set(table["supervision"]) == {"I", "I+S"}
    # What was not looked up says so in both columns.
    assert (table["source"].str.contains("not looked up") == (table["verified"] == "no")).all()


@pytest.mark.parametrize(
    ("name", "method", "experiment"),
    [
        ("nsrom_table1", "NSROM", "nsrom_vgg16"),
        ("nsrom_table2", "NSROM, ImageNet weights", "nsrom_imagenet"),
        ("nsrom_table2", "NSROM, MS-COCO weights", "nsrom"),
    ],
)
def test_the_papers_own_rows_are_the_ledgers(name: str, method: str, experiment: str):
    row = read_published(PAPER / f"{name}.csv").set_index("method").loc[method]
    numbers = read_numbers([PAPER / "nsrom_ledger.csv"])
    stated = numbers[numbers["experiment"] == experiment].set_index("split")["value"]
    assert (row["val"], row["test"]) == (stated["val"], stated["test"])
