"""Tables beside published methods: the rows, and the files of published numbers."""

from pathlib import Path

import pandas as pd
import pytest

from wsss.comparison import comparison_table, read_comparison, read_published
from wsss.ledger import read_numbers
from wsss.pages import section, to_latex, to_markdown

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"
OURS = {"nsrom": {"label": "+ NSRM", "supervision": "I+S", "backbone": "vgg16"}}
COLUMNS = "method,own,publication,val,test"
ROW = "SEC,,ECCV16,50.7,51.7"
IN_SECTIONS = (
    "Supervision: Box,Box-driven,,Song et al. 2019,10k,66.8,",
    "Supervision: Class labels,STC,,Wei et al. 2016,10k + sal,49.8,51.2",
    "Supervision: Class labels,Ours,yes,,10k,61.2,",
)


def published_file(folder: Path, *rows: str, columns: str = COLUMNS) -> Path:
    file = folder / "paper_table1.csv"
    file.write_text("\n".join([columns, *rows]) + "\n")
    return file


def scores(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"experiment": "nsrom", "seed": range(len(values)), "miou": values, "miou_without_crf": 1.0})


def in_sections(folder: Path) -> pd.DataFrame:
    file = published_file(folder, *IN_SECTIONS, columns="section,method,own,publication,train_set,val,test")
    comparison_table(read_published(file), scores(64.0, 66.0), OURS).to_csv(folder / "table.csv", index=False)
    return read_comparison(folder / "table.csv")


def test_ours_come_last_with_mean_spread_and_count(tmp_path: Path):
    table = comparison_table(read_published(published_file(tmp_path, ROW)), scores(64.0, 66.0), OURS)
    assert table["method"].tolist() == ["SEC", "+ NSRM"]
    assert table["from"].tolist() == ["paper", "this run"]
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
        "| method | publication | supervision | backbone | val | std over seeds | test | seeds | from |"
    )
    assert lines[2] == "| SEC | ECCV16 | – | – | 50.7 | – | 51.7 | – | paper |"
    assert lines[3] == "| + NSRM | – | I+S | VGG-16 | 65.0 | 1.4 | – | 2 | this run |"
    assert "65.0 & 1.4 & -- & 2" in to_latex(table)


def test_sections_are_headings_in_every_form(tmp_path: Path):
    table = in_sections(tmp_path)
    assert table["section"].tolist() == ["Supervision: Box", *["Supervision: Class labels"] * 2, "this run"]
    assert table["from"].tolist() == ["paper", "paper", "paper's own", "this run"]
    lines = to_markdown(table).splitlines()
    headings = ("Supervision: Box", "Supervision: Class labels", "this run")
    assert [n for n, line in enumerate(lines) if line.startswith("| **")] == [2, 4, 7]
    assert [line.split("**")[1] for line in lines if line.startswith("| **")] == list(headings)
    assert len({line.count("|") for line in lines}) == 1
    assert lines[3] == "| Box-driven | Song et al. 2019 | 10k | – | – | 66.8 | – | – | – | paper |"
    latex = to_latex(table)
    assert [latex.count(rf"\multicolumn{{10}}{{l}}{{\emph{{{h}}}}} \\") for h in headings] == [1, 1, 1]
    assert "section" not in latex
    page = section(table)
    assert [page.count(f'<tr><th class="section" colspan="10">{h}</th></tr>') for h in headings] == [1, 1, 1]


@pytest.mark.parametrize(("supervision", "said"), [("I+S", "yes"), ("I", "no"), ("I+S + MS-COCO masks", "yes")])
def test_ours_say_whether_saliency_is_used_where_the_paper_does(tmp_path: Path, supervision: str, said: str):
    published = read_published(published_file(tmp_path, "GAIN,,yes,55.3,56.8", columns="method,own,S,val,test"))
    table = comparison_table(published, scores(64.0), {"nsrom": {**OURS["nsrom"], "supervision": supervision}})
    assert table["S"].tolist() == ["yes", said]
    assert table["supervision"].iloc[1] == supervision


def test_without_published_methods_only_what_ours_have_is_shown():
    table = comparison_table(None, scores(64.0), OURS)
    assert list(table.columns) == ["method", "supervision", "backbone", "val", "std", "seeds"]
    assert table["seeds"].tolist() == [1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ROW.replace("51.7", "517"), "gives 'SEC' no score, or one that is no percentage"),
        (ROW.replace("51.7", "51.7."), "gives 'SEC' no score, or one that is no percentage"),
        (ROW.replace("50.7,51.7", ","), "gives 'SEC' no score, or one that is no percentage"),
        (ROW.replace(",,", ",maybe,"), "'own' is neither yes nor empty"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, row: str, message: str):
    with pytest.raises(ValueError, match=message):
        read_published(published_file(tmp_path, row))


@pytest.mark.parametrize("row", ["OAA*,,ICCV19,67.4,", "OAA*,,ICCV19,,67.4"])
def test_one_of_two_scores_may_be_missing(tmp_path: Path, row: str):
    table = read_published(published_file(tmp_path, row))
    assert table[["val", "test"]].isna().sum(axis=1).tolist() == [1]


def test_a_missing_or_unknown_column_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"paper_table1\.csv lacks the column 'own'"):
        read_published(published_file(tmp_path, "SEC,50.7,51.7", columns="method,val,test"))
    with pytest.raises(ValueError, match=r"paper_table1\.csv has the column 'source', which no table shows"):
        read_published(published_file(tmp_path, f"{ROW},a list", columns=f"{COLUMNS},source"))


@pytest.mark.parametrize(
    ("paper", "table", "section", "method", "experiment"),
    [
        ("nsrom", "table1", None, "Ours", "nsrom_vgg16"),
        ("nsrom", "table2", None, "Ours", "nsrom_imagenet"),
        ("nsrom", "table2", None, "Ours*", "nsrom"),
        ("generic", "table2", None, "Ours (VGG16)", "generic_vgg16"),
        ("generic", "table2", None, "Ours (ResNet101)", "generic_c41_retrain"),
        ("smvwe", "table3", "Segmentation Network: DeepLab-V1 (VGG-16)", "Ours (SMVWE)", "smvwe_vgg16_v1"),
        ("smvwe", "table3", "Segmentation Network: DeepLab-V2 (VGG-16)", "Ours (SMVWE)", "smvwe_vgg16_v2"),
        ("smvwe", "table4", "Segmentation Network: DeepLab-V1 (ResNet-101)", "Ours (SMVWE)", "smvwe_resnet101_v1"),
        ("smvwe", "table4", "Segmentation Network: DeepLab-V2 (ResNet-101)", "Ours (SMVWE)", "smvwe_resnet101_v2"),
    ],
)
def test_the_papers_own_rows_are_the_ledgers(paper: str, table: str, section: str | None, method: str, experiment: str):
    rows = read_published(PAPER / f"{paper}_{table}.csv")
    own = rows[(rows["from"] == "paper's own") & (rows["method"] == method)]
    (row,) = (own if section is None else own[own["section"] == section]).to_dict("records")
    numbers = read_numbers([PAPER / f"{paper}_ledger.csv"])
    numbers = numbers[(numbers["experiment"] == experiment) & (numbers["data"] == "voc2012")]
    stated = numbers.set_index("split")["value"].to_dict()
    assert {split: row[split] for split in ("val", "test") if not pd.isna(row[split])} == stated
