"""Readers of what people write, on whatever hypothesis writes: read exactly, or refused in one sentence; never another
class, never another exception."""

import csv
import io
import json
import string
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from small_folder import raw_png

from wsss.coco.annotations import image_id, read_instances
from wsss.coco.shapes import ShapeError, drawn, unpacked
from wsss.data import DataError, read_picture
from wsss.given_lists import BACKGROUND, read_class_names, read_ids, read_image_labels
from wsss.label_io import VOC_PALETTE, read_gray, read_label
from wsss.mask_checks import shown_classes

settings.register_profile(
    "quick", deadline=None, max_examples=80, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)
settings.load_profile("quick")

CLASSES = ("background", "cat", "dog", "Käse", "traffic_light")
PRINTABLE = st.characters(exclude_categories=("C", "Z"))
WORD = st.text(PRINTABLE, min_size=1, max_size=8)
NAME = st.lists(WORD, min_size=1, max_size=3).map(" ".join)  # of a file: with blanks
ID = NAME.filter(lambda n: "/" not in n and "\\" not in n and not n.startswith("."))
CLASS = WORD.map(lambda n: unicodedata.normalize("NFC", n)).filter(lambda n: not set(n) & set(',;"'))
LINE_END = st.sampled_from(["\n", "\r\n", "\r"])
MARK = st.sampled_from([b"", b"\xef\xbb\xbf"])
# What looks like the real thing more often than any text does.
PIECES = (*'abc,;"\n\n\r\t \ufeff/\\.:01-', "\0", "é", "e\u0301", "cat", "dog", "image_id", "classes")
NEARLY = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def written(data: bytes | str, name: str, read):
    """What a reader makes of a file, or None if it refuses it in one sentence that names the file."""
    with TemporaryDirectory(dir=FOLDER) as folder:
        path = Path(folder) / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
        try:
            return read(path)
        except ValueError as error:  # DataError, or label_io's own
            assert str(path) in str(error) and "\n" not in str(error) and len(str(error)) > len(str(path)) + 10
            return None


# --- lists --------------------------------------------------------------------------------------------------------


@given(st.lists(ID, min_size=1, unique_by=nfc), LINE_END, MARK, st.booleans(), st.sampled_from(["NFC", "NFD"]))
def test_a_list_of_ids_is_read_exactly(ids, end, mark, blank_line, form):
    text = end.join(unicodedata.normalize(form, i) for i in ids) + end + (end + "  " + end if blank_line else "")
    assert written(mark + text.encode(), "train.txt", read_ids) == [nfc(i) for i in ids]


@given(st.one_of(st.binary(), NEARLY, st.text()))
def test_any_list_is_read_or_refused(data):
    ids = written(data, "train.txt", read_ids)
    if ids is not None:
        text = nfc((data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data).decode("utf-8-sig"))
        assert [i.split() for i in ids] == [
            line.split() for line in text.replace("\r", "\n").split("\n") if line.strip()
        ]


# --- classes.txt --------------------------------------------------------------------------------------------------


@given(
    st.lists(CLASS, min_size=1, max_size=254, unique_by=nfc),
    st.sampled_from(BACKGROUND),
    LINE_END,
    MARK,
)
def test_classes_are_read_exactly(names, background, end, mark):
    names = [background, *(n for n in names if nfc(n) != background)]
    read = written(mark + end.join(names).encode(), "classes.txt", read_class_names)
    assert read == ([nfc(n) for n in names] if len(names) > 1 else None)


@given(st.one_of(st.binary(), NEARLY, st.text(), NEARLY.map(lambda t: "background\n" + t)))
def test_any_classes_are_read_or_refused(data):
    names = written(data, "classes.txt", read_class_names)
    if names is not None:
        assert names[0].lower() in BACKGROUND and len(set(names)) == len(names) <= 255
        assert all(len(n.split()) == 1 and "," not in n for n in names)


# --- labels.csv ---------------------------------------------------------------------------------------------------

LABELS = st.dictionaries(ID.map(nfc), st.lists(st.sampled_from(CLASSES[1:]), min_size=1, max_size=4, unique=True))


@given(LABELS, LINE_END, MARK, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_labels_are_read_exactly(labels, end, mark, row_per_object, quoted, random):
    if row_per_object:
        rows = [(i, "train", c) for i, names in labels.items() for c in names]
        random.shuffle(rows)
    else:
        rows = [(i, "train", " ".join(names)) for i, names in labels.items()]
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(stream, lineterminator=end, quoting=quoting).writerows([("image_id", "split", "classes"), *rows])
    found = written(mark + stream.getvalue().encode(), "labels.csv", lambda path: read_image_labels(path, CLASSES))
    assert {i: set(label.classes) for i, label in found.items()} == {i: set(names) for i, names in labels.items()}


@given(st.one_of(st.binary(), NEARLY, NEARLY.map(lambda t: "image_id,classes\n" + t), st.text()))
@example("image_id,classes\na,cat\na,cat dog\n")
def test_any_labels_are_read_or_refused(data):
    found = written(data, "labels.csv", lambda path: read_image_labels(path, CLASSES))
    for image, label in (found or {}).items():
        assert image and set(label.classes) <= set(CLASSES[1:])
        assert all(
            nfc(name) in nfc(data if isinstance(data, str) else data.decode()) for name in (image, *label.classes)
        )


@given(LABELS.filter(bool), st.data())
def test_a_spoilt_row_never_changes_another_picture(labels, data):
    """A field more or less is refused; whatever is still read is read as it was."""
    rows = [f"{i},{' '.join(names)}" for i, names in labels.items() if not set(i) & set(',"')]
    if not rows:
        return
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at] = data.draw(st.sampled_from([rows[at].split(",")[0], rows[at] + ",dog", rows[at].replace(",", ";")]))
    assert (
        written("\n".join(["image_id,classes", *rows]), "labels.csv", lambda p: read_image_labels(p, CLASSES)) is None
    )


# --- masks and maps -----------------------------------------------------------------------------------------------

SHAPE = st.tuples(st.integers(1, 9), st.integers(1, 9))


def array(seed: int, shape: tuple[int, int], most: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, most + 1, shape).astype(np.uint8)


@given(st.integers(0, 99), SHAPE, st.sampled_from([1, 3, 20, 255]), st.sampled_from([1, 2, 4, 8]), st.booleans())
def test_a_mask_is_read_exactly_or_refused(seed, shape, most, bits, palette):
    values = array(seed, shape, min(most, 2**bits - 1))
    read = written(
        raw_png(values, bits, VOC_PALETTE.tobytes()[: 3 * 2**bits] if palette else None), "a.png", read_label
    )
    assert (read is None) == (bits < 8 and not palette)
    assert read is None or np.array_equal(read, values)


@given(st.integers(0, 99), SHAPE, st.permutations(range(8)))
def test_a_palette_in_another_order_is_never_another_class(seed, shape, order):
    values = array(seed, shape, 7)
    image = Image.fromarray(values)
    image.putpalette(VOC_PALETTE[list(order)].tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG")
    found = written(stream.getvalue(), "a.png", lambda path: shown_classes(path, 8, any_palette=False)[1])
    meant = {order[v] for v in np.unique(values)} - {0}  # by the colours
    assert found is None or found == meant == set(np.unique(values)) - {0}


@given(st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]), st.integers(0, 9), SHAPE)
def test_a_map_is_grey_or_refused(mode, seed, shape):
    values = array(seed, shape, 255)
    image = Image.fromarray(values.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(values).convert(mode)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    read = written(stream.getvalue(), "a.png", read_gray)
    assert (read is None) == (mode == "I;16")
    assert read is None or np.array_equal(read, np.array(image.convert("L")))


@given(st.sampled_from(["JPEG", "PNG"]), st.integers(0, 9), st.data())
def test_a_damaged_file_is_read_or_refused(form, seed, data):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(stream, form)
    spoilt = bytearray(stream.getvalue())
    for at in data.draw(st.lists(st.integers(0, len(spoilt) - 1), min_size=1, max_size=4)):
        spoilt[at] ^= data.draw(st.integers(1, 255))
    spoilt = bytes(spoilt[: data.draw(st.integers(0, len(spoilt)))] if data.draw(st.booleans()) else spoilt)
    for read in (read_picture, read_label, read_gray):
        found = written(spoilt, "a.png", read)
        assert found is None or (found.dtype == np.uint8 and found.ndim == (3 if read is read_picture else 2))


# --- COCO ---------------------------------------------------------------------------------------------------------


def instances(content) -> object:
    read = lambda path: read_instances(path.parent, "train", 2017)  # noqa: E731
    return written(json.dumps(content), "instances_train2017.json", read)


@given(
    st.dictionaries(st.integers(0, 200), CLASS, min_size=1, max_size=20),
    st.lists(ID, min_size=1, max_size=8, unique_by=nfc),
    st.data(),
)
def test_categories_and_pictures_of_coco_are_read_exactly(categories, ids, data):
    images = [{"id": k, "file_name": f"{i}.jpg", "width": 4, "height": 3} for k, i in enumerate(ids)]
    chosen = st.tuples(st.integers(0, len(ids) - 1), st.sampled_from(sorted(categories)))
    pairs = data.draw(st.lists(chosen, max_size=20))
    found = instances(
        {
            "images": images,
            "categories": [{"id": i, "name": name} for i, name in categories.items()],
            "annotations": [{"id": n, "image_id": k, "category_id": c} for n, (k, c) in enumerate(pairs)],
        }
    )
    things = {i: nfc(n) for i, n in categories.items() if nfc(n).lower() not in BACKGROUND}
    if found is None:
        assert len(set(things.values())) < len(things) or not things
        return
    assert {i: found.names[c] for i, c in found.labels.items() if c} == things
    assert [image_id(image) for image in found.images.values()] == [nfc(i) for i in ids]
    for k, shown in found.classes_of_images().items():
        assert {found.names[c] for c in shown} == {things[c] for i, c in pairs if i == k and c in things}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "image_id", "category_id", "iscrowd", "file_name", "width", "height"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({key: JSON for key in ("images", "annotations", "categories")}) | JSON)
def test_any_json_is_read_or_refused(content):
    instances(content)


@given(st.integers(0, 99), SHAPE, st.floats(0, 1))
def test_run_lengths_are_read_exactly(seed, shape, density):
    runs = pytest.importorskip("pycocotools.mask")
    mask = np.random.default_rng(seed).random(shape) < density
    packed = runs.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    for counts in (packed, packed.decode(), unpacked(packed)):
        assert np.array_equal(drawn({"counts": counts, "size": list(shape)}, *shape), mask)


@given(
    st.one_of(
        JSON,
        st.fixed_dictionaries(
            {"counts": st.text(string.printable) | st.lists(st.integers(-2, 30)), "size": st.just([5, 6])}
        ),
        st.lists(st.lists(st.floats() | st.integers(-9, 99), max_size=9), max_size=3),
    )
)
def test_any_shape_is_drawn_or_refused(shape):
    try:
        found = drawn(shape, 5, 6)
    except ShapeError as error:
        assert "\n" not in str(error)
    else:
        assert found.shape == (5, 6) and found.dtype == bool


def test_the_sentence_of_the_refusal_is_that_of_data_errors(tmp_path):
    """``written`` counts any ValueError; those of lists are DataError."""
    (tmp_path / "labels.csv").write_text("x")
    with pytest.raises(DataError):
        read_image_labels(tmp_path / "labels.csv", CLASSES)
