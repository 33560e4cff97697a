"""The archive for the VOC server: what is in it, and what it is refused for."""

import io
import re
import tarfile

import cv2
import numpy as np
import pytest
from PIL import Image
from voc_standin import write_tar

from wsss.data import Picture
from wsss.label_io import write_label
from wsss.voc.submission import PLACE, SubmissionError, check, pack

SIZES = {"2008_000001": (20, 12), "2008_000006": (12, 20), "2008_000011": (16, 16)}  # (width, height)


@pytest.fixture
def pictures(tmp_path):
    return [Picture(i, "test", *size, (), tmp_path / f"{i}.jpg", None) for i, size in SIZES.items()]


@pytest.fixture
def predictions(tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    for number, (image_id, (width, height)) in enumerate(SIZES.items()):
        label = np.zeros((height, width), np.uint8)
        label[2:5, 3:9] = 20 - number
        write_label(folder / f"{image_id}.png", label)
    return folder


def members(archive) -> dict[str, bytes]:
    with tarfile.open(archive, "r:gz") as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def test_the_archive_is_what_the_server_wants(pictures, predictions, tmp_path):
    pack(predictions, pictures, tmp_path / "out" / "s.tar.gz", 21, iter)
    found = members(tmp_path / "out" / "s.tar.gz")
    assert list(found) == [f"results/VOC2012/Segmentation/comp6_test_cls/{i}.png" for i in SIZES]
    for name, data in found.items():
        with Image.open(io.BytesIO(data)) as image:
            assert image.mode == "P" and image.size == SIZES[name[-15:-4]]
            assert image.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
            assert sorted(set(np.array(image).ravel()))[0] == 0
    check(tmp_path / "out" / "s.tar.gz", pictures, 21)


def test_the_same_bytes_again(pictures, predictions, tmp_path):
    for name in ("a.tar.gz", "b.tar.gz"):
        pack(predictions, pictures, tmp_path / name, 21, iter)
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


def png(array, mode="P", palette=None) -> bytes:
    image = Image.fromarray(array, mode)
    if palette is not None:
        image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def label(shape=(12, 20), value=3):
    array = np.zeros(shape, np.uint8)
    array[1, 1] = value
    return array


def as_label(array, folder) -> bytes:
    write_label(folder / "x.png", array)
    data = (folder / "x.png").read_bytes()
    (folder / "x.png").unlink()
    return data


FIRST = "2008_000001.png"
ILL_FORMED = {
    "another size": (lambda t: as_label(label((20, 12)), t), "is 12×20 px, but its picture is 20×12"),
    "a value too high": (lambda t: as_label(label(value=21), t), "has the value 21, but classes are 0..20"),
    "ignored pixels": (lambda t: as_label(label(value=255), t), "has the value 255"),
    "grey": (lambda t: png(label(), "L"), "is a PNG of mode L, not a palette PNG"),
    "colour": (lambda t: png(np.zeros((12, 20, 3), np.uint8), "RGB"), "is a PNG of mode RGB"),
    "another palette": (lambda t: png(label(), palette=list(range(256)) * 3), "has another palette than VOC's"),
    "a short palette": (lambda t: png(label(), palette=[0, 0, 0, 128, 0, 0]), "has another palette than VOC's"),
    "jpeg": (lambda t: cv2.imencode(".jpg", label())[1].tobytes(), "is a JPEG of mode L"),
    "no picture": (lambda t: b"nothing", "is no readable picture"),
    "truncated": (lambda t: as_label(label(), t)[:-30], "is no readable picture"),
}


@pytest.mark.parametrize("kind", ILL_FORMED)
def test_an_ill_formed_prediction(pictures, predictions, tmp_path, kind):
    make, words = ILL_FORMED[kind]
    data = make(tmp_path)
    good = tmp_path / "good.tar.gz"
    pack(predictions, pictures, good, 21, iter)
    # Named by itself before it is packed …
    (predictions / FIRST).write_bytes(data)
    with pytest.raises(SubmissionError, match=rf"labels/{FIRST} {re.escape(words)}"):
        pack(predictions, pictures, tmp_path / "bad.tar.gz", 21, iter)
    assert not list(tmp_path.glob("*bad*")) and not list(tmp_path.glob(".*"))
    # … and in an archive that comes from elsewhere.
    bad = write_tar(tmp_path / "bad.tar.gz", members(good) | {f"{PLACE}/{FIRST}": data})
    with pytest.raises(SubmissionError, match=rf"bad\.tar\.gz: {PLACE}/{FIRST} {re.escape(words)}"):
        check(bad, pictures, 21)


def test_a_missing_prediction(pictures, predictions, tmp_path):
    good = tmp_path / "good.tar.gz"
    pack(predictions, pictures, good, 21, iter)
    (predictions / FIRST).unlink()
    with pytest.raises(
        SubmissionError, match=rf"labels lacks 1 files \(first: {FIRST}\): predict the test split again"
    ):
        pack(predictions, pictures, tmp_path / "bad.tar.gz", 21, iter)
    assert not (tmp_path / "bad.tar.gz").exists()
    fewer = members(good)
    del fewer[f"{PLACE}/{FIRST}"]
    with pytest.raises(SubmissionError, match=rf"bad\.tar\.gz lacks 1 files \(first: {PLACE}/{FIRST}\)"):
        check(write_tar(tmp_path / "bad.tar.gz", fewer), pictures, 21)


def test_a_file_too_many(pictures, predictions, tmp_path):
    good = tmp_path / "good.tar.gz"
    pack(predictions, pictures, good, 21, iter)
    write_label(predictions / "2008_000099.png", label())
    with pytest.raises(SubmissionError, match=r"labels has, .* 1 files \(first: 2008_000099\.png\)"):
        pack(predictions, pictures, tmp_path / "bad.tar.gz", 21, iter)
    more = members(good)
    more["results/VOC2012/readme.txt"] = b""
    with pytest.raises(SubmissionError, match=r"bad\.tar\.gz has, .* 1 files \(first: results/VOC2012/readme\.txt\)"):
        check(write_tar(tmp_path / "bad.tar.gz", more), pictures, 21)


def test_a_file_twice_and_another_folder(pictures, predictions, tmp_path):
    good = tmp_path / "good.tar.gz"
    pack(predictions, pictures, good, 21, iter)
    found = members(good)
    with tarfile.open(tmp_path / "twice.tar.gz", "w:gz") as tar:
        for name, data in [*found.items(), *list(found.items())[:1]]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(SubmissionError, match=rf"holds {PLACE}/{FIRST} twice"):
        check(tmp_path / "twice.tar.gz", pictures, 21)
    moved = {name.replace("comp6", "comp5"): data for name, data in found.items()}
    with pytest.raises(SubmissionError, match="lacks 3 files"):
        check(write_tar(tmp_path / "moved.tar.gz", moved), pictures, 21)


@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_damaged_archive(pictures, predictions, tmp_path, kept):
    good = tmp_path / "good.tar.gz"
    pack(predictions, pictures, good, 21, iter)
    good.write_bytes(good.read_bytes()[: int(kept * good.stat().st_size)])
    with pytest.raises(SubmissionError, match=r"good\.tar\.gz cannot be read .*: pack it again"):
        check(good, pictures, 21)
