"""Tables of classes: IoU of each, grouped by super-category, beside published numbers."""

import csv
from pathlib import Path

import pandas as pd

from wsss.comparison import no_percentages
from wsss.data import DataError


def read_groups(file: Path) -> dict[str, str]:
    """Class → super-category, from a data set's ``supercategories.csv``; raises ``DataError`` without its columns."""
    with open(file, newline="") as stream:
        reader = csv.DictReader(stream)
        if not {"class", "supercategory"} <= set(reader.fieldnames or ()):
            raise DataError(f"{file} has no columns 'class' and 'supercategory': write them in its first line")
        return {row["class"]: row["supercategory"] for row in reader}


def read_published_classes(file: Path) -> pd.DataFrame:
    """IoU (%) of each class from one of a paper's tables: a row for each class, in its order, the mIoU last.

    Columns: supercategory, if the paper has any, class, and one for each method, called "… (paper)".  A cell may be
    empty.  The file is laid out as the paper's table: a method a row, if it has a column ``method``, or a class a row.
    Raises ``ValueError`` if it has neither column, or an IoU is no percentage.
    """
    table = pd.read_csv(file)
    if "method" in table:
        table = table.drop(columns="own", errors="ignore").set_index("method").T.rename_axis("class").reset_index()
    if "class" not in table:
        raise ValueError(f"{file} has neither a column 'method' nor 'class': a table of published classes needs one")
    names = [c for c in ("supercategory", "class") if c in table]
    values = table.drop(columns=names)
    wrong = values.columns[no_percentages(values).any()]
    if len(wrong):
        raise ValueError(f"{file} gives '{wrong[0]}' an IoU that is no percentage: correct it")
    return table[names].join(values.astype(float).add_suffix(" (paper)"))


def beside_published(classes: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """``classes`` (from ``wsss.tables.class_table``) with the columns of ``read_published_classes`` before ours.

    Papers call classes otherwise than data sets do but keep their order, by which rows are joined.  Raises
    ``ValueError`` if there are not as many.
    """
    if len(published) != len(classes):
        raise ValueError(
            f"the published table has {len(published)} rows of classes and mIoU, the data set {len(classes)}: they are "
            "joined by order, so compare with a table of the same classes"
        )
    theirs = published.drop(columns=["supercategory", "class"], errors="ignore").set_axis(classes.index)
    return pd.concat([classes[["class"]], theirs, classes.drop(columns="class")], axis=1)


def grouped_classes(
    classes: pd.DataFrame, groups: dict[str, str], published: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Classes by super-category, a mean row after each of several, the mIoU last; published columns before ours.

    ``classes``: from ``wsss.tables.class_table`` (IoU in %, last row mIoU).  ``groups``: class → super-category; the
    background and classes that it lacks have none.  Super-categories that ``published`` has are used instead.  The mean
    of a super-category in which a number is missing is NaN.
    """
    if published is not None:
        classes = beside_published(classes, published)
        if "supercategory" in published:
            groups = dict(zip(classes["class"], published["supercategory"].fillna(""), strict=True))
    table = classes.set_index("class")
    table.insert(0, "supercategory", [groups.get(name, "") for name in table.index])
    rest = table.index[(table["supercategory"] == "") & (table.index != "mIoU")]
    parts = [table.loc[rest]]
    for group in dict.fromkeys(g for g in table["supercategory"] if g):
        members = table[table["supercategory"] == group]
        mean = members.drop(columns="supercategory").mean(skipna=False).to_frame(f"{group}: mean").T
        mean.insert(0, "supercategory", group)
        parts += [members, mean] if len(members) > 1 else [members]
    found = pd.concat([*parts, table.loc[["mIoU"]]]).rename_axis("class").reset_index()
    return found if groups else found.drop(columns="supercategory")
