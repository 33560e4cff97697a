"""Tables of classes and super-categories."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wsss.class_tables import beside_published, grouped_classes, read_groups, read_published_classes
from wsss.data import DataError

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"
CLASSES = pd.DataFrame({"class": ["background", "cat", "car", "dog", "mIoU"], "ours": [90.0, 40.0, 10.0, 60.0, 50.0]})
GROUPS = {"cat": "animal", "dog": "animal", "car": "vehicle"}


def written(folder: Path, *lines: str) -> Path:
    (folder / "classes.csv").write_text("\n".join(lines) + "\n")
    return folder / "classes.csv"


@pytest.fixture
def published(tmp_path: Path) -> pd.DataFrame:
    rows = ["BG,background,80.0,81.0", "Animal,tabby,20.0,30.0", "Vehicle,auto,5.0,6.0", "Animal,hound,,40.0"]
    return read_published_classes(written(tmp_path, "supercategory,class,A,Ours", *rows, ",mean IoU,22.4,26.0"))


def test_classes_are_grouped_and_each_group_has_its_mean():
    table = grouped_classes(CLASSES, GROUPS)
    assert table["class"].tolist() == ["background", "cat", "dog", "animal: mean", "car", "mIoU"]
    assert table["ours"].tolist() == [90, 40, 60, 50, 10, 50]  # a mean of one class says nothing more
    assert table["supercategory"].tolist() == ["", "animal", "animal", "animal", "vehicle", ""]


def test_published_numbers_and_categories_are_used_and_missing_ones_stay_missing(published: pd.DataFrame):
    """The paper's words for classes differ; their order is the data set's."""
    table = grouped_classes(CLASSES, GROUPS, published).set_index("class")
    assert table.columns.tolist() == ["supercategory", "A (paper)", "Ours (paper)", "ours"]
    assert table.index.tolist() == ["background", "cat", "dog", "Animal: mean", "car", "mIoU"]
    assert table["supercategory"].tolist() == ["BG", "Animal", "Animal", "Animal", "Vehicle", ""]
    assert table.loc["mIoU"].tolist()[1:] == [22.4, 26.0, 50.0]
    assert table.loc["car"].tolist()[1:] == [5, 6, 10]
    assert np.isnan(table.loc["dog", "A (paper)"]) and np.isnan(table.loc["Animal: mean", "A (paper)"])
    assert table.loc["Animal: mean", "Ours (paper)"] == 35


def test_without_groups_there_is_no_such_column():
    pd.testing.assert_frame_equal(grouped_classes(CLASSES, {}), CLASSES)


def test_a_table_of_methods_is_turned_and_put_before_ours(tmp_path: Path):
    rows = ["C43,yes,74.9,33.9,,1.0,46.0", "C41,yes,86.1,53.7,3.0,2.0,60.3"]
    published = read_published_classes(written(tmp_path, "method,own,bg,cat,car,dog,mIoU", *rows))
    table = beside_published(CLASSES, published)
    assert table.columns.tolist() == ["class", "C43 (paper)", "C41 (paper)", "ours"]
    assert table["class"].tolist() == CLASSES["class"].tolist()
    assert table["C41 (paper)"].tolist() == [86.1, 53.7, 3.0, 2.0, 60.3] and np.isnan(table.loc[2, "C43 (paper)"])


def test_classes_that_are_not_as_many_cannot_be_joined(published: pd.DataFrame):
    with pytest.raises(ValueError, match="published table has 5 rows of classes and mIoU, the data set 4"):
        beside_published(CLASSES[1:], published)


@pytest.mark.parametrize(
    ("table", "methods", "rows"),
    [
        ("generic_table1", ["C43", "C42", "C41", "C41 + Retrain"], 22),
        ("generic_table3", ["SEC", "DSRG", "Ours"], 82),
        ("smvwe_table1", ["AffinityNet", "MCOF", "SSNet", "SEAM", "CIAN", "Ours (VWE)", "Ours (SMVWE)"], 22),
    ],
)
def test_the_papers_tables_are_read_whole(table: str, methods: list[str], rows: int):
    published = read_published_classes(PAPER / f"{table}.csv")
    assert [c for c in published if c.endswith(" (paper)")] == [f"{m} (paper)" for m in methods]
    assert len(published) == rows
    assert published.filter(like="(paper)").dtypes.eq(float).all()


def test_files_without_their_columns_or_with_wrong_rows_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="supercategory"):
        read_groups(written(tmp_path, "a,b", "1,2"))
    with pytest.raises(ValueError, match="neither a column 'method' nor 'class'"):
        read_published_classes(written(tmp_path, "a,b", "1,2"))
    for value in ("101", "-1", "63.7."):
        with pytest.raises(ValueError, match=r"classes\.csv gives 'SEC' an IoU that is no percentage"):
            read_published_classes(written(tmp_path, "class,SEC,DSRG", f"cat,{value},3.0"))
