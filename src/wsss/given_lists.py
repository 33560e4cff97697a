"""The lists of a data set as people write them, by hand or program: ids of a split, classes, image-level labels.

What is unambiguous is read: a byte order mark, any end of line, empty lines, a row for each object.  All else is
refused, naming file, line and remedy.  Names are compared in Unicode's composed form: macOS decomposes those of files.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wsss.data import DataError

BACKGROUND = ("background", "_background_", "__background__", "bg")  # in any case of letters
LARGEST_INDEX = 254  # in a mask, 255 is ignored
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
JOINERS = "\u200c\u200d"  # zero-width, which some scripts are written with


@dataclass(frozen=True)
class ImageLabel:
    """What ``labels.csv`` says of a picture.  ``line``: where; ``split``: "" if the file has no such column."""

    classes: tuple[str, ...]
    split: str
    line: int


def composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


# --- files --------------------------------------------------------------------------------------------------------


def read_text(path: Path) -> str:
    """A file of UTF-8 without its byte order mark.  Raises ``DataError`` if it has another encoding."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8 text (byte {error.start}): save it with the encoding UTF-8") from None


def read_lines(path: Path) -> list[tuple[int, str]]:
    """(number from 1, content without blanks around it) of all lines that are not empty."""
    lines = re.split(r"\r\n|\r|\n", composed(read_text(path)))
    return [(n, line.strip()) for n, line in enumerate(lines, 1) if line.strip()]


def read_rows(path: Path, columns: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """(number of the line, column → value without blanks around it) of all rows of a CSV file that are not empty.

    Raises ``DataError`` unless its first row names ``columns``, each once, and every other row has a field for each.
    """
    reader = csv.reader(io.StringIO(composed(read_text(path)), newline=""), strict=True)
    try:
        rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; write fields as CSV has them") from None
    rows = [(line, row) for line, row in rows if any(row)]
    width = max((n for _, row in rows for n, field in enumerate(row, 1) if field), default=0)
    # Spreadsheets save columns that were used once, also where nothing is left in them.
    rows = [(line, row[:width]) for line, row in rows]
    header = rows[0][1] if rows else []
    if not set(columns) <= set(header) or len(set(header)) != len(header):
        named = " and ".join(f"'{c}'" for c in columns)
        other = next((f": {s!r} separates them there, a comma has to" for s in ";\t" if s in "".join(header)), "")
        raise DataError(f"{path} has no columns {named}{other or ', each once'}: write them in its first line")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {line} ({row[0]}), has {len(row)} fields, and the first line names {len(header)}: give "
                "each its own, and separate classes by blanks, not commas"
            )
        if not all(map(is_legible, row)):
            raise DataError(f"{path}, line {line}, has a field with a line break or control character: remove it")
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows[1:]]


# --- lists --------------------------------------------------------------------------------------------------------


def split_ids(folder: Path, split: str) -> list[str]:
    """The image ids of a split.  Raises ``DataError`` if its list is missing, empty, or holds what is no id."""
    path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
    if not path.exists():
        raise DataError(f"{path} is missing: list the image ids of split '{split}' there, one a line")
    ids = read_ids(path)
    if not ids:
        raise DataError(f"{path} lists no image: split '{split}' is empty")
    return ids


def read_ids(path: Path) -> list[str]:
    """The image ids of a list, one a line; they may have blanks."""
    lines: dict[str, int] = {}
    for line, image_id in read_lines(path):
        if not is_id(image_id):
            raise DataError(
                f"{path} holds {image_id!r}, which is no image id: list names of pictures without folders (line {line})"
            )
        if image_id in lines:
            raise DataError(
                f"{path} lists an image twice ({image_id}, lines {lines[image_id]} and {line}): list each once"
            )
        lines[image_id] = line
    return list(lines)


def is_legible(text: str) -> bool:
    """Whether it is free of control characters and line breaks.

    Blanks of any width are none (macOS puts a narrow one into names of screenshots), nor are the joiners of letters.
    """
    return all(c.isprintable() or c in JOINERS or unicodedata.category(c) == "Zs" for c in text)


def is_id(name: str) -> bool:
    """Whether a name can be that of a picture's files."""
    return is_legible(name) and name == PurePosixPath(name).name and "\\" not in name and not name.startswith(".")


def hint(image_id: str, known: Collection[str]) -> str:
    """What may be meant by an id that is not among ``known``; "" if nothing comes near."""
    stem = PurePosixPath(image_id)
    if stem.suffix.lower() in PICTURE_SUFFIXES and stem.stem in known:
        return f" (ids are written without the suffix: {stem.stem})"
    if written := next(
        (k for s in PICTURE_SUFFIXES for k in (f"{image_id}{s}", f"{image_id}{s.upper()}") if k in known), ""
    ):
        return f" (there is {written}: ids are written without the suffix)"
    if image_id.isdecimal() and (number := image_id.lstrip("0")) != image_id and number in known:
        return f" (there is {number}: a spreadsheet has taken the id for a number; format its column as text)"
    first, _, rest = image_id.partition(" ")
    if rest and first in known:
        return f" (there is {first}: write one id a line, and nothing after it)"
    other = next((k for k in known if k.casefold() == image_id.casefold()), None)
    return f" (there is {other})" if other else ""


# --- classes ------------------------------------------------------------------------------------------------------


def read_class_names(path: Path, background: str | None = None) -> list[str]:
    """Class names of ``classes.txt``, background first.

    ``background``: its name, if it is none of those that are known.  Raises ``DataError`` for names that cannot be
    represented, and if the first is not background: indices in masks count from it.
    """
    if not path.exists():
        raise DataError(f"{path} is missing: write background and then each class there, a name a line, as masks count")
    lines = read_lines(path)
    check_names(path, lines)
    names = [name for _, name in lines]
    if len(names) < 2:
        raise DataError(f"{path} must list background and then each class once, a name a line")
    if len(names) > LARGEST_INDEX + 1:
        raise DataError(f"{path} lists {len(names)} classes, and a mask has indices for {LARGEST_INDEX + 1}: join some")
    if names[0] != background and (background or names[0].lower() not in BACKGROUND):
        remedy = f"not '{background}' as dataset.background says" if background else "not background"
        raise DataError(
            f"{path} begins with '{names[0]}', {remedy}: its first line is what masks call 0, so put background there, "
            "or name it by dataset.background"
        )
    return names


def check_names(path: Path, lines: Sequence[tuple[int, str]]) -> None:
    """Raises ``DataError`` if a class is listed twice, or its name has what separates names elsewhere."""
    seen: dict[str, int] = {}
    for line, name in lines:
        check_name(f"{path}, line {line}", name)
        if name in seen:
            raise DataError(f"{path} lists '{name}' twice (lines {seen[name]} and {line}): list each class once")
        seen[name] = line


def check_name(where: str, name: str) -> None:
    """Raises ``DataError`` unless lists can hold the name of this class."""
    if bad := re.search(r"[\s,;\"]", name):
        what = "a blank" if bad[0].isspace() else f"'{bad[0]}'"
        raise DataError(
            f"{where}: '{name}' has {what}, which separates names in labels.csv: write one word, with underscores, and "
            "the same in labels.csv"
        )
    if not name or not is_legible(name):
        raise DataError(f"{where}: {name!r} is empty or has a control character: write its name")


# --- image-level labels -------------------------------------------------------------------------------------------


def read_image_labels(path: Path, classes: Sequence[str]) -> dict[str, ImageLabel]:
    """Image id → its label, from ``labels.csv``; a picture may have a row for each of its objects.

    Raises ``DataError`` for a class that is none of ``classes`` after the first, and for rows that do not agree.
    """
    if not path.exists():
        raise DataError(f"{path} is missing: give a row 'image_id,split,classes' for every image")
    rows: dict[str, list[ImageLabel]] = {}
    for line, row in read_rows(path, ("image_id", "classes")):
        image_id, names = row["image_id"], tuple(dict.fromkeys(row["classes"].split()))
        if not image_id:
            raise DataError(f"{path}, line {line}, has no image id: give it, or remove the line")
        if classes[0] in names:
            raise DataError(
                f"{path} labels {image_id} as '{classes[0]}', which every picture has: take it out (line {line})"
            )
        if unknown := [n for n in names if n not in classes[1:]]:
            separated = ", with a blank between classes" if re.search(r"[,;|/]", unknown[0]) else ""
            raise DataError(
                f"{path} labels {image_id} as '{unknown[0]}', which is not a class in {path.parent / 'classes.txt'}: "
                f"correct the label{separated} or add the class (line {line})"
            )
        rows.setdefault(image_id, []).append(ImageLabel(names, row.get("split", ""), line))
    return {image_id: _joined(path, image_id, several) for image_id, several in rows.items()}


def _joined(path: Path, image_id: str, rows: Sequence[ImageLabel]) -> ImageLabel:
    """Rows of one picture: of an object each, or all the same."""
    first = rows[0]
    for row in rows[1:]:
        lines = f"lines {first.line} and {row.line}"
        if row.split != first.split:
            raise DataError(
                f"{path} has {image_id} in the splits '{first.split}' and '{row.split}' ({lines}): keep one"
            )
        if set(row.classes) != set(first.classes) and not len(row.classes) == len(first.classes) == 1:
            raise DataError(
                f"{path} has two rows of {image_id} ({lines}) that do not agree: give it one row with all its classes, "
                "or a row with one class for each object"
            )
    return ImageLabel(tuple(dict.fromkeys(name for row in rows for name in row.classes)), first.split, first.line)
