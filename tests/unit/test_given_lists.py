"""Lists, classes and image-level labels as people write them: read exactly, or refused in one sentence."""

import unicodedata
from pathlib import Path

import pytest
from small_folder import CONTENT, check, rename, write_folder, write_labels, write_list

from wsss.data import DataError
from wsss.given_lists import read_class_names, read_ids, read_image_labels, read_rows

NAMES = ["background", "cat", "dog", "cow"]
HEADER = "image_id,split,classes\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "mine")


def labels_of(tmp_path: Path, text: str | bytes) -> dict[str, tuple[str, ...]]:
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return {i: label.classes for i, label in read_image_labels(path, NAMES).items()}


# --- labels.csv ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffimage_id,split,classes\r\na,train,cat\r\nb,train,cat dog\r\n",
        HEADER + "a,train,cat\n\n,,\nb,train,cat dog\n\n",
        HEADER + "a,train,cat\nb,train,cat\nb,train,dog\nb,train,cat\n",
        HEADER + 'a,train,cat\n"b","train","  cat   dog "',
        "image_id,split,classes,,\na,train,cat,,\nb,train,cat dog,,\n,,,,\n",  # columns that were used once
        HEADER + "a,train,cat,\nb,train,cat\xa0dog\n",
        HEADER + "b,train,cat dog\na,train,cat\nb,train,cat dog\n",
        "classes,image_id\ncat,a\ncat dog,b\n",
        "image_id , classes\ra,cat\rb, cat dog\r",
    ],
    ids=[
        "bom_crlf",
        "empty_lines",
        "row_per_object",
        "quoted",
        "empty_columns",
        "ends_of_rows",
        "the_same_twice",
        "other_columns",
        "old_mac",
    ],
)
def test_labels_that_are_unambiguous_are_read(tmp_path, text):
    assert labels_of(tmp_path, text) == {"a": ("cat",), "b": ("cat", "dog")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + "a,train,cat,dog\n", ["line 2 (a)", "4 fields", "blanks"]),
        (HEADER + "a,train\n", ["line 2 (a)", "2 fields"]),
        (HEADER + "a,train,cat dog\na,train,cat\n", ["a", "lines 2 and 3", "agree"]),
        (HEADER + "a,train,\na,train,cat\nb,val,dog\n", ["lines 2 and 3", "agree"]),
        (HEADER + "a,train,cat\na,train,\n", ["lines 2 and 3", "agree"]),
        (HEADER + "a,train,cat\na,val,dog\n", ["'train' and 'val'", "lines 2 and 3"]),
        (HEADER.replace(",", ";") + "a;train;cat\n", ["';'", "comma"]),
        (HEADER.replace(",", "\t") + "a\ttrain\tcat\n", ["comma"]),
        (HEADER + 'a,train,"cat,dog"\n', ["'cat,dog'", "blank between classes"]),
        (HEADER + "a,train,cat;dog\n", ["'cat;dog'", "blank between classes"]),
        (HEADER + "a,train,cat\n,train,dog\n", ["line 3", "no image id"]),
        ("image_id,classes,classes\na,cat,dog\n", ["columns", "once"]),
        ("a,train,cat\n", ["no columns 'image_id' and 'classes'"]),
        ("", ["no columns"]),
        (HEADER + 'a,train,"cat\nb,train,dog\n', ["labels.csv"]),
        (HEADER + 'a,train,"cat\ndog"\n', ["line break"]),
        (HEADER + "a,train,background cat\n", ["'background', which every picture has", "line 2"]),
        (HEADER + "a,train,Cat\n", ["'Cat'", "classes.txt"]),
        ((HEADER + "ä,train,cat\n").encode("latin-1"), ["UTF-8"]),
        ((HEADER + "a,train,cat\n").encode("utf-16"), ["UTF-8"]),
        ((HEADER + "a,train,cat\n").encode("utf-16-le"), ["no columns"]),
    ],
)
def test_labels_that_cannot_be_represented_are_refused(tmp_path, text, words):
    with pytest.raises(DataError) as caught:
        labels_of(tmp_path, text)
    message = str(caught.value)
    assert "labels.csv" in message and "\n" not in message
    assert all(word in message for word in words), message


def test_two_forms_of_a_letter_are_one_name(tmp_path):
    """macOS decomposes names of files, editors compose those in lists."""
    (tmp_path / "labels.csv").write_text(HEADER + unicodedata.normalize("NFD", "k,val,Käse\n"))
    (tmp_path / "classes.txt").write_text(unicodedata.normalize("NFC", "background\nKäse\n"))
    names = read_class_names(tmp_path / "classes.txt")
    assert read_image_labels(tmp_path / "labels.csv", names)["k"].classes == (names[1],)


def test_a_picture_of_the_other_split(folder):
    """labels.csv says of a validation picture that it trains: one of the two is wrong."""
    labels = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(labels.replace("v1,val", "v1,train"))
    with pytest.raises(DataError, match=r"labels\.csv says that 1 images are of the split 'train'.*'val'.*v1, line 11"):
        check(folder)


def test_a_list_that_is_part_of_a_split(folder):
    """VOC's labels call training pictures trainaug, and a list of some of them is called otherwise."""
    (folder / "labels.csv").write_text((folder / "labels.csv").read_text().replace(",train,", ",trainaug,"))
    assert len(check(folder)) == len(CONTENT)


# --- lists --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\ufeffa b\r\nc\r\n\r\n", " a b \nc", "a b\rc\r", "\n\na b\n\nc\n"])
def test_lists_that_are_unambiguous_are_read(tmp_path, text):
    (tmp_path / "train.txt").write_bytes(text.encode())
    assert read_ids(tmp_path / "train.txt") == ["a b", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb\na\n", ["twice", "lines 1 and 3"]),
        ("JPEGImages/a.jpg SegmentationClass/a.png\n", ["no image id", "without folders"]),
        ("images\\a\n", ["no image id"]),
        ("a\t1\n", ["no image id"]),
        ("..\n", ["no image id"]),
        ("a\0b\n", ["no image id"]),
        ("a\u200bb\n", ["no image id", "u200b"]),
    ],
)
def test_lists_that_are_refused(tmp_path, text, words):
    (tmp_path / "train.txt").write_text(text)
    with pytest.raises(DataError) as caught:
        read_ids(tmp_path / "train.txt")
    assert "train.txt" in str(caught.value) and all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("t0  1", "there is t0: write one id a line"),  # VOC's lists of a single class
        ("t0 -1", "there is t0"),
        ("t0 t1 t2", "there is t0"),
        ("t0.jpg", "without the suffix: t0"),
        ("T0", "there is t0"),
        ("t0.PNG", "without the suffix: t0"),
        ("other", "there is other.bmp: save it as .jpg"),
    ],
)
def test_what_a_line_may_have_meant_is_said(folder, written, meant):
    (folder / "JPEGImages/other.bmp").write_bytes(b"BM")
    write_list(folder, "train", [written])
    with pytest.raises(DataError, match=r"is missing though split 'train' lists it") as caught:
        check(folder)
    assert meant in str(caught.value)


@pytest.mark.parametrize(
    ("image_id", "labelled", "meant"),
    [
        ("t0", "t0.jpg", "there is t0.jpg: ids are written without the suffix"),
        ("0012", "12", "there is 12: a spreadsheet has taken the id for a number"),
    ],
)
def test_what_an_id_in_the_labels_may_have_meant_is_said(folder, image_id, labelled, meant):
    rename(folder, "t0", image_id)
    labels = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(labels.replace(f"{image_id},", f"{labelled},"))
    with pytest.raises(DataError, match=rf"gives no class for 1 images .*first: {image_id}.*{meant}"):
        check(folder)


@pytest.mark.parametrize(
    "name", ["Screenshot at 9.41.00\u202fAM", "a\xa0b", "\u0646\u0645\u06cc\u200c\u062e", "a\u3000b"]
)
def test_names_with_blanks_of_any_width_and_joiners(folder, name):
    rename(folder, "t0", name)
    assert name in check(folder)


# --- classes.txt --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["background\ncat\n", "\ufeffbackground\r\ncat\r\n\r\n", " background \n\ncat", "background\rcat\r"]
)
def test_classes_are_read(tmp_path, text):
    (tmp_path / "classes.txt").write_bytes(text.encode())
    assert read_class_names(tmp_path / "classes.txt") == ["background", "cat"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat\ndog\n", ["begins with 'cat'", "background"]),
        ("__ignore__\n_background_\ncat\n", ["begins with '__ignore__'", "dataset.background"]),
        ("background\ntraffic light\n", ["line 2", "'traffic light'", "a blank", "underscores"]),
        ("background\ncat,dog\n", ["','"]),
        ("background:0,0,0::\ncat:250,50,83::\n", ["','"]),
        ("background;cat;dog\n", ["';'"]),
        ("0 background\n1 cat\n", ["a blank"]),
        ("background\ncat\ndog\ncat\n", ["'cat' twice", "lines 2 and 4"]),
        ("background\n", ["background and then each class"]),
        ("", ["background and then each class"]),
        ("\n".join(["background", *(f"c{k}" for k in range(255))]), ["256 classes", "255"]),
        ("background\nca\0t\n", ["control character"]),
    ],
)
def test_classes_that_are_refused(tmp_path, text, words):
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(DataError) as caught:
        read_class_names(tmp_path / "classes.txt")
    message = str(caught.value)
    assert "classes.txt" in message and all(word in message for word in words), message


def test_background_of_another_name(tmp_path):
    (tmp_path / "classes.txt").write_text("Hintergrund\nKatze\n")
    assert read_class_names(tmp_path / "classes.txt", "Hintergrund") == ["Hintergrund", "Katze"]
    with pytest.raises(DataError, match=r"not 'void' as dataset\.background says"):
        read_class_names(tmp_path / "classes.txt", "void")
    (tmp_path / "classes.txt").write_text("_Background_\nKatze\n")
    assert read_class_names(tmp_path / "classes.txt")[1] == "Katze"


def test_no_classes_at_all(folder):
    (folder / "classes.txt").unlink()
    with pytest.raises(DataError, match=r"classes\.txt is missing: write background and then each class"):
        check(folder)


def test_a_table_is_read_by_its_own_first_line(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n\n3,4\n")
    assert read_rows(tmp_path / "t.csv", ["b"]) == [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": "4"})]


# --- names of files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["IMG (1)", "IMG 1", "Straße ünd Wég", "a,b", 'said "so"', "日本", "a;b", "it's", "%20", "-n", "$(id)"]
)
def test_names_are_read_as_they_are(folder, name):
    rename(folder, "t0", name)
    if "," in name or '"' in name:  # as a spreadsheet quotes them
        quoted = '"' + name.replace('"', '""') + '"'
        (folder / "labels.csv").write_text((folder / "labels.csv").read_text().replace(f"{name},tr", f"{quoted},tr"))
    assert check(folder)[name] == ("cat",)


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".Jpeg", ".png", ".PNG"])
def test_any_usual_suffix_is_read(folder, suffix):
    rename(folder, "v1", "v1", suffix)
    assert check(folder)["v1"] == ("dog",)


def test_maps_and_masks_with_a_large_suffix(folder):
    for name in ("SegmentationClass", "Saliency"):
        (folder / name / "t0.png").rename(folder / name / "t0.PNG")
    assert check(folder)["t0"] == ("cat",)


def test_decomposed_names_on_disk(folder):
    composed, decomposed = (unicodedata.normalize(form, "café_1") for form in ("NFC", "NFD"))
    rename(folder, "t0", decomposed)
    write_list(folder, "train", [composed if i == decomposed else i for i in ["t1", decomposed]])
    assert check(folder)[composed] == ("cat",)
    assert f"JPEGImages/{decomposed}.jpg" in (folder.parent / "images.csv").read_text()


def test_two_files_of_one_picture(folder):
    (folder / "JPEGImages/t0.png").write_bytes((folder / "JPEGImages/t0.jpg").read_bytes())
    with pytest.raises(DataError, match=r"JPEGImages has t0\.jpg and t0\.png of one image: keep one"):
        check(folder)
    write_list(folder, "train", ["t1", "t2", "t3"])  # in no list: they concern nobody
    check(folder)


def test_labels_without_a_picture_concern_nobody(folder):
    write_labels(folder, {i: "cat" for i in ("t0", "t4", "v0")})
    write_list(folder, "train", ["t0"])
    write_list(folder, "val", ["v0"])
    assert check(folder) == {"t0": ("cat",), "v0": ("cat",)}
