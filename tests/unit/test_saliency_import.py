"""Saliency maps that somebody else has computed: taken, or refused in one sentence."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from voc_standin import write_zip

from wsss.archives import ArchiveError
from wsss.data import DataError
from wsss.saliency_import import import_saliency


def silent(items, total=None, unit="pictures"):
    yield from items


def saliency(standin, unpacked, tmp_path, source=None, **settings):
    settings = {"checksum": None, "progress": silent, "maps": tmp_path / "s" / "maps"} | settings
    pictures = unpacked / "VOCdevkit/VOC2012/JPEGImages"
    manifest = tmp_path / "s" / "manifest.csv"
    import_saliency(source or standin.saliency, pictures, standin.ids["trainaug"], manifest=manifest, **settings)


@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_given_maps_are_taken(standin, unpacked, tmp_path, kind):
    (unpacked / "saliency" / "of_no_picture.png").write_bytes(b"")
    saliency(standin, unpacked, tmp_path, unpacked / "saliency" if kind == "folder" else None, processes=2)
    files = sorted((tmp_path / "s" / "maps").iterdir())
    assert [f.stem for f in files] == standin.ids["trainaug"]
    assert all(f.read_bytes() == (unpacked / "saliency" / f.name).read_bytes() for f in files)
    assert len((tmp_path / "s" / "manifest.csv").read_text().splitlines()) == 13


def test_masks_do_not_come_in_as_saliency_maps(standin, unpacked, tmp_path):
    maps = {f"SegmentationClassAug/{f.name}": f.read_bytes() for f in (unpacked / "saliency").glob("2*.png")}
    with pytest.raises(ArchiveError, match=r"holds ground-truth masks .*SegmentationClassAug/2007_0000"):
        saliency(standin, unpacked, tmp_path, write_zip(tmp_path / "masks.zip", maps))
    assert not (tmp_path / "s" / "maps").exists()


def maps_without(standin, tmp_path, change) -> Path:
    with zipfile.ZipFile(standin.saliency) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    return write_zip(tmp_path / "maps.zip", members)


def refused_maps(standin, unpacked, tmp_path, change, pattern):
    source = maps_without(standin, tmp_path, change)
    with pytest.raises(DataError, match=pattern):
        saliency(standin, unpacked, tmp_path, source)
    assert list((tmp_path / "s").iterdir()) == []


def test_missing_maps_are_counted_and_named(standin, unpacked, tmp_path):
    ids = standin.ids["trainaug"]
    gone = [f"saliency/{i}.png" for i in (ids[2], ids[5], ids[6], ids[7])]
    pattern = (
        rf"maps\.zip lacks the saliency maps of 4 of 12 images \(first: {ids[2]}.png, {ids[5]}.png, {ids[6]}.png\)"
    )
    refused_maps(standin, unpacked, tmp_path, lambda m: [m.pop(n) for n in gone], pattern)


def test_a_map_of_another_size(standin, unpacked, tmp_path):
    name = f"{standin.ids['trainaug'][3]}.png"
    data = cv2.imencode(".png", np.zeros((50, 40), np.uint8))[1].tobytes()
    pattern = rf"maps\.zip/{name} is 40×50 px but its picture is \d+×\d+: make both the same size"
    refused_maps(standin, unpacked, tmp_path, lambda m: m.update({f"saliency/{name}": data}), pattern)


@pytest.mark.parametrize("content", [b"no picture", "16 bit"])
def test_a_map_that_cannot_be_read(standin, unpacked, tmp_path, content):
    name = f"{standin.ids['trainaug'][3]}.png"
    if content == "16 bit":
        content = cv2.imencode(".png", np.full((50, 40), 9999, np.uint16))[1].tobytes()
    refused_maps(standin, unpacked, tmp_path, lambda m: m.update({f"saliency/{name}": content}), rf"maps\.zip/{name}: ")


def test_maps_with_another_checksum(standin, unpacked, tmp_path):
    with pytest.raises(ArchiveError, match=r"saliency\.zip has the sha256 checksum"):
        saliency(standin, unpacked, tmp_path, checksum=f"sha256:{'0' * 64}")


# --- names of maps ----------------------------------------------------------------------------------------------------

COMPOSED, DECOMPOSED = "caf\u00e9.x", "cafe\u0301.x"


def own(tmp_path: Path, kind: str, names: list[str]) -> dict[str, int]:
    """Maps of these names, the n-th of value 100 + n, imported for two pictures: file → value."""
    (tmp_path / "JPEGImages").mkdir()
    for name in ("b.jpg", f"{COMPOSED}.jpg"):
        cv2.imwrite(str(tmp_path / "JPEGImages" / name), np.full((8, 6, 3), 90, np.uint8))
    content = [cv2.imencode(".png", np.full((8, 6), 100 + n, np.uint8))[1].tobytes() for n in range(len(names))]
    source = write_zip(tmp_path / "maps.zip", dict(zip([f"maps/{n}" for n in names], content, strict=True)))
    if kind == "folder":
        with zipfile.ZipFile(source) as archive:
            archive.extractall(tmp_path)
        source = tmp_path / "maps"
    place = {"maps": tmp_path / "s/maps", "manifest": tmp_path / "s/manifest.csv"}
    import_saliency(source, tmp_path / "JPEGImages", ["b", COMPOSED], checksum=None, progress=silent, **place)
    return {f.name: int(cv2.imread(str(f), cv2.IMREAD_UNCHANGED).max()) for f in (tmp_path / "s/maps").iterdir()}


@pytest.mark.parametrize("kind", ["archive", "folder"])
@pytest.mark.parametrize("names", [["b.png", f"{COMPOSED}.png"], ["b.PNG", f"{DECOMPOSED}.Png"]])
def test_names_of_maps_are_those_of_a_data_sets_own_folder(tmp_path, kind, names):
    assert own(tmp_path, kind, names) == {"b.png": 100, f"{COMPOSED}.png": 101}


@pytest.mark.parametrize("kind", ["archive", "folder"])
@pytest.mark.parametrize("second", ["b.PNG", f"{DECOMPOSED}.png"])
def test_two_maps_of_one_picture_are_refused(tmp_path, kind, second):
    with pytest.raises((ArchiveError, DataError), match=r"keep one of them|pack each file once"):
        own(tmp_path, kind, ["b.png", f"{COMPOSED}.png", second])
    assert not (tmp_path / "s/maps").exists()


@pytest.mark.parametrize("name", ["b.PNG", "b.png"])
def test_masks_of_any_case_do_not_come_in_as_saliency_maps(tmp_path, name):
    with pytest.raises(ArchiveError, match="holds ground-truth masks"):
        own(tmp_path, "archive", [f"SegmentationClass/{name}", f"{COMPOSED}.png"])
