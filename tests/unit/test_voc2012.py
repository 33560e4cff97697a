"""VOC 2012's pictures from archives and folders to the one on-disk form; what is wrong with them is one sentence."""

import os
import shutil
import tarfile

import pytest
from voc_standin import changed_tar, write_tar

from wsss.archives import ArchiveError
from wsss.config import leaves
from wsss.data import DataError, read_images
from wsss.data_checks import check_images, check_unlabelled
from wsss.data_settings import VOC2012
from wsss.voc.known import LABELS, address, expected_checksum
from wsss.voc.labels import figures, read_labels
from wsss.voc.pictures import prepare_pictures, prepare_test_pictures


def silent(items, total=None, unit="pictures"):
    yield from items


def prepare(standin, folder, source=None, *, labels=None, expected=None, checksum=None):
    prepare_pictures(
        source or standin.trainval,
        folder,
        labels=labels or standin.labels,
        expected=expected or standin.expected,
        checksum=checksum,
        progress=silent,
    )


# --- the labels that ship with the project ------------------------------------------------------------------------


def test_the_shipped_labels_have_the_published_figures():
    labels = read_labels(None, leaves(VOC2012().expected))
    assert figures(labels) == {"trainaug": 10582, "simple": 6746, "complex": 3836, "pairs": 15555, "val": 1449}
    assert len(labels["trainaug"].keys() | labels["val"].keys()) == 10582 + 1449
    assert labels["trainaug"]["2007_000032"] == "aeroplane person"


def test_torchvision_is_asked_for_addresses_and_checksums():
    assert address("trainval").endswith("VOCtrainval_11-May-2012.tar") and address("sbd").endswith("benchmark.tgz")
    assert expected_checksum("trainval", "known") == "md5:6cd6e144f989b92b3379bac3b3de84fd"
    assert expected_checksum("sbd", "known") == "md5:82b4d87ceb2ed10f6038a1cba92111cb"
    assert expected_checksum("test", "known") is None and expected_checksum("sbd", "off") is None
    assert expected_checksum("sbd", "0" * 64) == f"sha256:{'0' * 64}"


@pytest.mark.parametrize("key", ["trainaug", "simple", "complex", "pairs", "val"])
def test_a_count_that_is_off(standin, tmp_path, key):
    with pytest.raises(DataError) as caught:
        prepare(standin, tmp_path / "voc", expected=standin.expected | {key: standin.expected[key] + 1})
    assert f"{standin.expected[key] + 1} are expected" in str(caught.value)
    assert f"dataset.voc2012.expected.{key}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_labels_cut_short(tmp_path):
    short = tmp_path / "labels.csv"
    short.write_text("".join(LABELS.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match=r"labels\.csv has 1448 validation images, but 1449 are expected: restore"):
        read_labels(short, leaves(VOC2012().expected))


@pytest.mark.parametrize(
    "row",
    ["a,train,dog", "a,trainaug,hamster", "a,trainaug,background", "a,trainaug,", "../a,val,dog", ",val,dog"],
)
def test_a_row_of_labels_that_cannot_be(standin, tmp_path, row):
    (tmp_path / "labels.csv").write_text(f"image_id,split,classes\n{row}\n")
    with pytest.raises(DataError, match=r"labels\.csv has the row"):
        read_labels(tmp_path / "labels.csv", standin.expected)


# --- pictures, lists, labels --------------------------------------------------------------------------------------


def test_an_archive_becomes_the_on_disk_form(standin, tmp_path):
    folder = tmp_path / "voc"
    prepare(standin, folder)
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    ids = standin.ids["trainaug"] + standin.ids["val"]
    lists = {f"ImageSets/Segmentation/{s}.txt" for s in ("trainaug", "val")}
    assert names == {f"JPEGImages/{i}.jpg" for i in ids} | lists | {"labels.csv", "classes.txt"}
    assert (folder / "classes.txt").read_text().split()[:2] == ["background", "aeroplane"]
    assert (folder / "labels.csv").read_bytes() == standin.labels.read_bytes()
    with tarfile.open(standin.trainval) as tar:
        packed = tar.extractfile(f"VOCdevkit/VOC2012/JPEGImages/{ids[0]}.jpg").read()
    assert (folder / "JPEGImages" / f"{ids[0]}.jpg").read_bytes() == packed
    check_images(folder, tmp_path / "images.csv", ["val", "trainaug"])
    shapes = {
        p.image_id: (p.height, p.width) for p in read_images(tmp_path / "images.csv", folder / "classes.txt", "val")
    }
    assert shapes == {i: standin.masks[i].shape for i in standin.ids["val"]}


@pytest.mark.parametrize("inner", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_a_folder_is_linked_to(standin, unpacked, tmp_path, inner):
    if inner == "VOCdevkit":
        os.symlink(unpacked / "VOCdevkit/VOC2012", tmp_path / "VOC2012")
        source = tmp_path
    else:
        source = unpacked / inner
    prepare(standin, tmp_path / "voc", source)
    files = list((tmp_path / "voc" / "JPEGImages").iterdir())
    assert len(files) == 16 and all(f.is_symlink() for f in files)
    assert all(f.resolve().parent == (unpacked / "VOCdevkit/VOC2012/JPEGImages").resolve() for f in files)
    shutil.rmtree(tmp_path / "voc")
    assert len(list((unpacked / "VOCdevkit/VOC2012/JPEGImages").iterdir())) == 16


def test_a_missing_archive(standin, tmp_path):
    with pytest.raises(ArchiveError, match=r"nowhere\.tar is missing: put the file there, or correct its path"):
        prepare(standin, tmp_path / "voc", tmp_path / "nowhere.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_checksum(standin, tmp_path):
    with pytest.raises(
        ArchiveError, match=r"VOCtrainval_11-May-2012\.tar has the md5 checksum \w+ instead of 6cd6e144"
    ):
        prepare(standin, tmp_path / "voc", checksum=expected_checksum("trainval", "known"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_picture_leaves_nothing(standin, tmp_path):
    first = standin.ids["trainaug"][0]
    name = f"VOCdevkit/VOC2012/JPEGImages/{first}.jpg"
    archive = changed_tar(standin.trainval, tmp_path / "a.tar", lambda members: members.pop(name))
    with pytest.raises(DataError, match=rf"a\.tar lacks 1 of 16 pictures \(first: JPEGImages/{first}\.jpg\)"):
        prepare(standin, tmp_path / "voc", archive)
    assert list((tmp_path / "voc").iterdir()) == []


def test_a_hostile_archive_leaves_nothing(standin, tmp_path):
    archive = changed_tar(standin.trainval, tmp_path / "a.tar", lambda members: members.update({"../evil": b""}))
    with pytest.raises(ArchiveError, match=r"a\.tar has a member '\.\./evil'"):
        prepare(standin, tmp_path / "out" / "voc", archive)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.tar"]


def test_another_validation_list(standin, tmp_path):
    def shorten(members):
        name = "VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt"
        members[name] = members[name].split(b"\n", 1)[1]

    archive = changed_tar(standin.trainval, tmp_path / "a.tar", shorten)
    with pytest.raises(DataError, match=rf"val\.txt .* differ in 1 validation images \(first: {standin.ids['val'][0]}"):
        prepare(standin, tmp_path / "voc", archive)


def test_a_source_without_lists(standin, unpacked, tmp_path):
    shutil.copytree(unpacked / "VOCdevkit/VOC2012/JPEGImages", tmp_path / "VOC2012/JPEGImages")
    with pytest.raises(ArchiveError, match="VOC2012 has no folder ImageSets/Segmentation"):
        prepare(standin, tmp_path / "voc", tmp_path / "VOC2012")


# --- test pictures ------------------------------------------------------------------------------------------------


def test_test_pictures_have_no_labels(standin, tmp_path):
    prepare_test_pictures(standin.test, tmp_path / "t", expected=3, checksum=None, progress=silent)
    (tmp_path / "classes.txt").write_text("background\ndog\n")
    check_unlabelled(tmp_path / "t", tmp_path / "test.csv", "test")
    pictures = read_images(tmp_path / "test.csv", tmp_path / "classes.txt", "test")
    assert [p.image_id for p in pictures] == standin.ids["test"]
    assert all(p.classes == () and p.saliency is None and p.path.exists() for p in pictures)
    assert [p.name for p in (tmp_path / "t").rglob("*.csv")] == []


def test_a_test_archive_of_another_count(standin, tmp_path):
    with pytest.raises(DataError, match=r"VOC2012test\.tar has 3 test images, but 1456 are expected"):
        prepare_test_pictures(standin.test, tmp_path / "t", expected=1456, checksum=None, progress=silent)


def test_a_test_list_that_leads_elsewhere(tmp_path):
    lines = {"VOCdevkit/VOC2012/ImageSets/Segmentation/test.txt": b"../../evil\n"}
    archive = write_tar(tmp_path / "a.tar", lines)
    with pytest.raises(DataError, match=r"test\.txt holds '\.\./\.\./evil', which is no image id"):
        prepare_test_pictures(archive, tmp_path / "t", expected=1, checksum=None, progress=silent)
