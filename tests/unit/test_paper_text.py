"""The tables in config/paper against the papers' own text, cell by cell; the text is read here, apart from the code."""

import csv
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

from wsss.class_tables import read_published_classes
from wsss.voc.classes import CLASSES

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"
Rows = list[list[str]]  # cells, the empty ones ""

# What the text has in place of a check mark and a cross, both Latin and Cyrillic.
CHECKS, CROSSES = {"✓", "1"}, {"X", "\u0425"}


def cells(line: str) -> list[str]:
    """The cells of a line of a table, without type and dashes; a reference's number goes, and a full stop after one."""
    plain = [re.sub(r"</?[biu]>|\$|\\boldsymbol\{|\}", "", c).strip() for c in line.split("\t")]
    plain = [re.sub(r"\s*\[\d+\]$", "", c) for c in plain]
    return ["" if c == "-" else re.sub(r"(?<=\d\.\d)\.$", "", c) for c in plain]


def lines_after(text: str, *, heading: str, caption: str = "") -> list[str]:
    """The lines of a table below its ``heading``, the first after the ``caption``, up to an empty one."""
    lines = text[text.index(caption) :].split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(heading))
    rest = lines[start + 1 :]
    return rest[: rest.index("")]


def own(method: str) -> str:
    return "yes" if re.match(r"Ours?\b", method) else ""


# --- each table as the text has it, in the form of its CSV --------------------------------------------------------


def nsrom_methods(papers: Path, number: int) -> Rows:
    text = (papers / "nsrom.txt").read_text()
    start = [m.start() for m in re.finditer("^Methods\tPublication", text, re.M)][number - 1]
    found = [cells(line) for line in lines_after(text[start:], heading="Methods")]
    return [["method", "own", "publication", "val", "test"], *([m, own(m), *rest] for m, *rest in found)]


def generic_blocks(papers: Path) -> Rows:
    text = (papers / "generic_features.txt").read_text()
    heading = next(line for line in text.split("\n") if line.startswith("Features\tbg"))
    found = [cells(line) for line in lines_after(text, heading="Features\tbg")]
    return [["method", "own", *cells(heading)[1:]], *([name, "yes", *values] for name, *values in found)]


def generic_methods(papers: Path) -> Rows:
    text, section = (papers / "generic_features.txt").read_text(), ""
    rows = [["section", "method", "own", "publication", "train_set", "val", "test"]]
    for line in lines_after(text, heading="Methods\tTrain Set"):
        first, *rest = cells(line)
        if first.startswith("Supervision:"):
            section = first
            continue
        cited = None if own(first) else re.fullmatch(r"(.+) \((.+ \d{4}b?)\)", first)
        method, publication = cited.groups() if cited else (first, "")
        rows.append([section, method, own(method), publication, *rest])
    return rows


def generic_classes(papers: Path) -> Rows:
    """The table's two halves stand side by side, line by line; a super-category is before its first class."""
    with open(papers / "generic_table3.csv", newline="") as stream:
        (_, *methods), *lines = csv.reader(stream)
    text, ordered, category = (papers / "generic_features.txt").read_text(), lines[::2] + lines[1::2], ""
    rows = [["supercategory", "class", *methods[:-1], methods[-1].capitalize()]]
    for name, *values in ordered:
        # The text agrees, where some cells have been shifted.
        assert re.search(rf"\b{name}\t+" + r"\t+".join(re.escape(v) for v in values if v) + r"\b", text), name
        found = re.search(rf"\b([A-Z]\w*)\t{name}\t", text)
        # The bottle is the last of the left half, below the sport, and the other vessels begin the right one.
        category = "" if name == "mean IoU" else "Kitchenware" if name == "bottle" else found[1] if found else category
        rows.append([category, name, *values])
    return rows


def smvwe_boundaries(papers: Path) -> Rows:
    found = [cells(line) for line in lines_after((papers / "smvwe.txt").read_text(), heading="Method\tRecall")]
    return [["method", "own", "recall", "precision", "f1"], *([m, own(m), *values] for m, *values in found)]


def smvwe_methods(papers: Path, number: int) -> Rows:
    text, section = (papers / "smvwe.txt").read_text(), ""
    rows = [["section", "method", "own", "S", "val", "test"]]
    for line in lines_after(text, heading="Methods\tS", caption=f"Table {number}. Performance"):
        joined = re.search(r"DeepLab-V\d \(.+\)", line.replace("\t", ""))
        if joined:
            section = f"Segmentation Network: {joined[0]}"
            continue
        method, mark, val, test = cells(line)[:4]
        assert mark in CHECKS | CROSSES
        rows.append([section, method, own(method), "yes" if mark in CHECKS else "no", val, test])
    return rows


TABLES: dict[str, Callable[[Path], Rows]] = {
    "nsrom_table1": lambda papers: nsrom_methods(papers, 1),
    "nsrom_table2": lambda papers: nsrom_methods(papers, 2),
    "generic_table1": generic_blocks,
    "generic_table2": generic_methods,
    "generic_table3": generic_classes,
    "smvwe_table2": smvwe_boundaries,
    "smvwe_table3": lambda papers: smvwe_methods(papers, 3),
    "smvwe_table4": lambda papers: smvwe_methods(papers, 4),
}
COUNTS = {  # table → methods or classes, cells with a number
    "nsrom_table1": (24, 48),
    "nsrom_table2": (21, 40),  # OAA* and SEAM* have no test score
    "generic_table1": (4, 88),
    "generic_table2": (20, 37),  # Scribblesup, Box-driven and ours with VGG16 have none
    "generic_table3": (82, 245),  # DSRG has none for person
    "smvwe_table1": (7, 125),  # of 154; the others cannot be read
    "smvwe_table2": (4, 12),
    "smvwe_table3": (16, 32),
    "smvwe_table4": (14, 28),
}


def read(table: str) -> Rows:
    with open(PAPER / f"{table}.csv", newline="") as stream:
        return list(csv.reader(stream))


def is_number(cell: str) -> bool:
    return re.fullmatch(r"\d+\.\d", cell) is not None


def numbers(rows: Rows) -> int:
    return sum(map(is_number, (cell for row in rows for cell in row)))


def differences(ours: Rows, theirs: Rows) -> list[str]:
    """Where two tables differ, a sentence each: rows missing or extra, then cells."""
    found = [f"{len(ours)} rows instead of {len(theirs)}"] if len(ours) != len(theirs) else []
    for number, (row, expected) in enumerate(zip(ours, theirs, strict=False), 1):
        if len(row) != len(expected):
            found.append(f"row {number}: {len(row)} cells instead of {len(expected)}")
        pairs = zip(ours[0], row, expected, strict=False)
        found += [f"row {number}, {column}: {a!r} instead of {b!r}" for column, a, b in pairs if a != b]
    return found


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_is_the_papers(papers: Path, table: str, record_property):
    ours, theirs = read(table), TABLES[table](papers)
    assert differences(ours, theirs) == []
    compared = sum(map(len, theirs))
    record_property("compared cells", compared)
    print(f"{table}: {compared} cells agree in {len(theirs)} rows, {numbers(theirs)} of them numbers")


@pytest.mark.parametrize("table", COUNTS)
def test_no_row_or_number_was_lost(table: str):
    """Also where the papers' text is absent."""
    rows = read(table)
    assert (len(rows) - 1, numbers(rows)) == COUNTS[table]


def test_every_published_table_and_note_is_one_of_these():
    files = {file.stem for file in PAPER.glob("*_table*.csv")}
    assert files == set(COUNTS) == {*TABLES, "smvwe_table1"}
    assert set(yaml.safe_load((PAPER / "notes.yaml").read_text())) == files


def test_a_changed_cell_a_missing_and_an_extra_row_are_noticed():
    rows = read("nsrom_table1")
    changed = [list(row) for row in rows]
    changed[17][3] = "61.1"
    assert differences(changed, rows) == ["row 18, val: '61.1' instead of '63.1'"]
    assert differences(rows[:5] + rows[6:], rows)[0] == "24 rows instead of 25"
    assert differences([*rows, rows[-1]], rows) == ["26 rows instead of 25"]


# --- SMVWE, Table 1: the second half of the text is damaged -------------------------------------------------------


def smvwe_first_half(papers: Path) -> Rows:
    text = (papers / "smvwe.txt").read_text()
    heading = next(line for line in text.split("\n") if line.startswith("Method\tbkg"))
    found = [cells(line) for line in lines_after(text, heading="Method\tbkg")[:7]]
    return [["method", "own", *cells(heading)[1:]], *([m, own(m), *values] for m, *values in found)]


def smvwe_second_half(papers: Path) -> dict[str, dict[str, str]]:
    """Column → method → what can be read of it.

    The text repeats the rows, each time one more, in one line: every cell holds a column of what has been seen so far.
    Columns were cut too far left, so that the last digits of three of them lead the cell to their right; where the two
    differ the leading ones are the print's, as mIoUs that the paper states elsewhere show (60.3 of MCOF, 64.5 of SEAM).
    """
    lines = lines_after((papers / "smvwe.txt").read_text(), heading="Method\tbkg")
    names = [row[0] for row in smvwe_first_half(papers)[1:]]
    _, dog, horse, cycle, ends, person, plant, sheep, sofa, train, tv, mean, mean_ends = lines[-1].split("\t")
    # The last digit of a motorbike's score before the first two of a person's, where those are not cut as well.
    pairs = re.findall(r"(\d) (\d\d|\d \d)(?= |$)", ends)

    def whole(cell: str) -> list[str]:
        return re.findall(r"\d\d\.\d", cell)

    def mended(cell: str, last_digits: Iterable[str]) -> list[str]:
        return [f"{value[:-1]}{digit}" for value, digit in zip(whole(cell), last_digits, strict=False)]

    columns = {
        "dog": whole(dog),
        "horse": whole(horse),
        # Of five, the third and the fourth end the same, and the text has only one of them; the last is there.
        "mbk": [*mended(cycle, [last for last, _ in pairs[:3]]), "", whole(cycle)[-1]],
        "person": [two + rest[1:] for (_, two), rest in zip(pairs, re.findall(r"\d\.\d", person), strict=True)],
        "plant": whole(plant),
        "sheep": whole(sheep),
        "sofa": whole(sofa),
        "train": mended(train, re.findall(r"(\d) \d\d\.\d", tv)),
        "tv": whole(tv),
        "mIoU": mended(mean, re.findall(r"\d", mean_ends)),
    }
    return {column: dict(zip(names, values, strict=False)) for column, values in columns.items()}


# Digits that were read twice, and differently. SSNet's person, too, but there its mean over classes decides; this one's
# mIoU is cut as well: its last digit alone is there.
NOT_DECIDED = {("SEAM", "person"), ("CIAN", "person"), ("CIAN", "mIoU")}


def test_the_first_half_of_smvwes_table_1_is_the_papers(papers: Path):
    theirs = smvwe_first_half(papers)
    assert differences([row[: len(theirs[0])] for row in read("smvwe_table1")], theirs) == []
    print(f"smvwe_table1, first half: {sum(map(len, theirs))} cells agree, {numbers(theirs)} of them numbers")


def test_the_second_half_of_smvwes_table_1_is_what_can_be_read(papers: Path):
    heading, *rows = read("smvwe_table1")
    legible, compared = smvwe_second_half(papers), 0
    assert heading[-len(legible) :] == list(legible)
    text = (papers / "smvwe.txt").read_text()
    for row in rows:
        method, values = row[0], dict(zip(heading, row, strict=True))
        for column, found in legible.items():
            expected = "" if (method, column) in NOT_DECIDED else found.get(method, "")
            if (method, column) == ("Ours (VWE)", "mIoU"):  # stated in section 4.2
                expected = re.search(r"\((\d\d\.\d)% vs 64\.5%\) compared to the state-of-the-art", text)[1]
            assert values[column] == expected, (method, column)
            compared += 1
    filled = numbers([row[-len(legible) :] for row in rows])
    print(f"smvwe_table1, second half: {compared} cells agree, {filled} of them numbers")


def test_a_mean_over_classes_is_that_of_the_classes():
    """A digit that is read wrongly would show; the paper itself gives AffinityNet another network's mean."""
    rows = {method: list(map(float, values)) for method, _, *values in read("smvwe_table1")[1:] if all(values)}
    assert list(rows) == ["AffinityNet", "MCOF", "SSNet"]
    means = {method: sum(classes) / 21 for method, (*classes, _) in rows.items()}
    for method in ("MCOF", "SSNet"):
        assert math.isclose(means[method], rows[method][-1], abs_tol=0.1)
    assert rows["AffinityNet"][-1] == 58.4 and round(means["AffinityNet"], 1) == 61.7  # as the table's note says


# --- classes, which are joined by order ---------------------------------------------------------------------------

VOC_WORDS = {"bg": "background", "bkg": "background", "plane": "aeroplane", "aero": "aeroplane", "bike": "bicycle",
             "table": "diningtable", "motor": "motorbike", "mbk": "motorbike", "plant": "pottedplant",
             "tv": "tvmonitor"}  # fmt: skip


@pytest.mark.parametrize("table", ["generic_table1", "smvwe_table1"])
def test_the_papers_classes_are_vocs_in_order(table: str):
    published = read_published_classes(PAPER / f"{table}.csv")["class"]
    assert [VOC_WORDS.get(name, name) for name in published] == [*CLASSES, "mIoU"]


def test_the_papers_classes_of_coco_are_those_in_order():
    categories = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    published = read_published_classes(PAPER / "generic_table3.csv")["class"]
    named = [{"hair dryer": "hair drier"}.get(name, name) for name in published]
    assert named == ["background", *(c for c in categories[1:] if c != "N/A"), "mean IoU"]


# --- NSROM, Tables 3 and 4, whose rows are experiments: the ledger states them ------------------------------------

ABLATIONS = {
    3: ["baseline", "gr", "gr_retrain", "gr_pom", "gr_pom_retrain", "nsrom"],
    4: ["nsrom", "nsrm_all", "nsrm_without_expansion", "nsrm_without_masking", "nsrm_without_dilation"],
}


@pytest.mark.parametrize("number", ABLATIONS)
def test_the_ledger_states_nsroms_ablations(papers: Path, number: int):
    text = (papers / "nsrom.txt").read_text()
    start = [m.start() for m in re.finditer("^Methods\tVal$", text, re.M)][number - 3]
    printed = [cells(line)[1] for line in lines_after(text[start:], heading="Methods")]
    with open(PAPER / "nsrom_ledger.csv", newline="") as stream:
        stated = {(row["experiment"], row["value"]) for row in csv.DictReader(stream) if row["split"] == "val"}
    assert len(printed) == len(ABLATIONS[number])
    assert set(zip(ABLATIONS[number], printed, strict=True)) <= stated
