"""Tables of classes: IoU of each, grouped by super-category, beside published numbers."""

import csv
from pathlib import Path

import pandas as pd

from wsss.data import DataError

PUBLISHED = ("class", "method", "iou", "source", "verified")


def read_groups(file: Path) -> dict[str, str]:
    """Class → super-category, from a data set's ``supercategories.csv``; raises ``DataError`` without its columns."""
    with open(file, newline="") as stream:
        reader = csv.DictReader(stream)
        if not {"class", "supercategory"} <= set(reader.fieldnames or ()):
            raise DataError(f"{file} has no columns 'class' and 'supercategory': write them in its first line")
        return {row["class"]: row["supercategory"] for row in reader}


def read_published_classes(file: Path) -> pd.DataFrame:
    """Published IoU (%) of classes, or of "mIoU": columns ``PUBLISHED``; raises ``ValueError`` for a wrong row."""
    table = pd.read_csv(file)
    missing = [c for c in PUBLISHED if c not in table]
    if missing:
        raise ValueError(f"{file} lacks the column '{missing[0]}': every table of published classes needs it")
    if not table["iou"].between(0, 100).all() or not table["verified"].isin(["yes", "no"]).all():
        raise ValueError(f"{file} has a row whose iou is no percentage or whose verified is neither yes nor no")
    return table


def grouped_classes(
    classes: pd.DataFrame, groups: dict[str, str], published: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Classes by super-category, a mean row after each, the mIoU last; published methods are columns before ours.

    ``classes``: from ``wsss.tables.class_table`` (IoU in %, last row mIoU).  ``groups``: class → super-category; the
    background and classes that it lacks have none.  A published number that is missing is NaN; so is the mean of a
    super-category in which one is.
    """
    table = classes.set_index("class")
    if published is not None:
        theirs = published.pivot(index="class", columns="method", values="iou")
        methods = list(dict.fromkeys(published["method"]))
        table = theirs.reindex(index=table.index)[methods].join(table)
    table.insert(0, "supercategory", [groups.get(name, "") for name in table.index])
    rest = table.index[(table["supercategory"] == "") & (table.index != "mIoU")]
    parts = [table.loc[rest]]
    for group in dict.fromkeys(g for g in table["supercategory"] if g):
        members = table[table["supercategory"] == group]
        mean = members.drop(columns="supercategory").mean(skipna=False).to_frame(f"{group}: mean").T
        mean.insert(0, "supercategory", group)
        parts += [members, mean]
    found = pd.concat([*parts, table.loc[["mIoU"]]]).rename_axis("class").reset_index()
    return found if groups else found.drop(columns="supercategory")
