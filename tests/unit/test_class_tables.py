"""Tables of classes and super-categories."""

import numpy as np
import pandas as pd
import pytest

from wsss.class_tables import grouped_classes, read_groups, read_published_classes
from wsss.data import DataError

CLASSES = pd.DataFrame({"class": ["background", "cat", "car", "dog", "mIoU"], "ours": [90.0, 40.0, 10.0, 60.0, 50.0]})
GROUPS = {"cat": "animal", "dog": "animal", "car": "vehicle"}


def test_classes_are_grouped_and_each_group_has_its_mean():
    table = grouped_classes(CLASSES, GROUPS)
    assert table["class"].tolist() == [
        "background", "cat", "dog", "animal: mean", "car", "vehicle: mean", "mIoU"
    ]  # fmt: skip
    assert table["ours"].tolist() == [90, 40, 60, 50, 10, 10, 50]
    assert table["supercategory"].tolist() == ["", "animal", "animal", "animal", "vehicle", "vehicle", ""]


def test_published_numbers_stand_before_ours_and_missing_ones_stay_missing():
    rows = [("mIoU", "A", 22.4), ("cat", "B", 30.0), ("mIoU", "B", 26.0)]
    published = pd.DataFrame(rows, columns=["class", "method", "iou"])
    table = grouped_classes(CLASSES, GROUPS, published).set_index("class")
    assert table.columns.tolist() == ["supercategory", "A", "B", "ours"]
    assert table.loc["mIoU", ["A", "B", "ours"]].tolist() == [22.4, 26.0, 50.0]
    assert table.loc["cat", "B"] == 30 and np.isnan(table.loc["dog", "B"]) and np.isnan(table.loc["animal: mean", "B"])


def test_without_groups_there_is_no_such_column():
    pd.testing.assert_frame_equal(grouped_classes(CLASSES, {}), CLASSES)


def test_files_without_their_columns_or_with_wrong_rows_are_refused(tmp_path):
    file = tmp_path / "groups.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="supercategory"):
        read_groups(file)
    file.write_text("class,method,iou,source,verified\ncat,A,101,x,yes\n")
    with pytest.raises(ValueError, match="percentage"):
        read_published_classes(file)
