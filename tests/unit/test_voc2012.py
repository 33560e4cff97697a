"""VOC 2012 from archives and folders to the one on-disk form; what is wrong with them ends it with one sentence."""

import csv
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from voc_standin import StandIn, write_standin, write_tar, write_zip

from wsss.archives import ArchiveError
from wsss.config import VOC2012, leaves
from wsss.data import DataError, check_images, check_masks, check_unlabelled, read_images
from wsss.label_io import VOC_PALETTE, read_label
from wsss.saliency_import import import_saliency
from wsss.voc.known import LABELS, address, expected_checksum
from wsss.voc.labels import figures, read_labels
from wsss.voc.masks import prepare_masks, read_mat
from wsss.voc.pictures import prepare_pictures, prepare_test_pictures


def silent(items, total=None, unit="pictures"):
    yield from items


@pytest.fixture(scope="module")
def standin(tmp_path_factory) -> StandIn:
    return write_standin(tmp_path_factory.mktemp("standin"))


@pytest.fixture(scope="module")
def unpacked(standin, tmp_path_factory) -> Path:
    """The archives unpacked as a user would."""
    folder = tmp_path_factory.mktemp("unpacked")
    for archive in (standin.trainval, standin.sbd):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    for archive in (standin.augmented, standin.saliency):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    return folder


def prepare(standin, folder, source=None, *, labels=None, expected=None, checksum=None):
    prepare_pictures(
        source or standin.trainval,
        folder,
        labels=labels or standin.labels,
        expected=expected or standin.expected,
        checksum=checksum,
        progress=silent,
    )


def masks(standin, target, *, trainval=None, further=None, from_mat=True, processes=1):
    prepare_masks(
        trainval or standin.trainval,
        further or (standin.sbd if from_mat else standin.augmented),
        target,
        {s: standin.ids[s] for s in ("trainaug", "val")},
        checksums=(None, None),
        from_mat=from_mat,
        progress=silent,
        processes=processes,
    )


def changed_tar(source: Path, target: Path, change) -> Path:
    """A tar whose members, name → bytes, are changed in place."""
    with tarfile.open(source) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}
    change(members)
    return write_tar(target, members)


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
    ["a,train,dog", "a,trainaug,hamster", "a,trainaug,background", "a,trainaug,", "../a,val,dog", ",val,dog", "a"],
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


# --- masks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mat archive", "mat folder", "cls folder", "png archive", "png folder"])
@pytest.mark.parametrize("processes", [1, 2])
def test_masks_are_exact(standin, unpacked, tmp_path, kind, processes):
    further = {
        "mat archive": standin.sbd,
        "mat folder": unpacked / "benchmark_RELEASE",
        "cls folder": unpacked / "benchmark_RELEASE/dataset/cls",
        "png archive": standin.augmented,
        "png folder": unpacked / "SegmentationClassAug",
    }[kind]
    folder = tmp_path / "voc"
    masks(standin, folder / "SegmentationClass", further=further, from_mat="png" not in kind, processes=processes)
    files = sorted((folder / "SegmentationClass").iterdir())
    assert [f.stem for f in files] == sorted(standin.masks)
    assert [p.name for p in folder.iterdir()] == ["SegmentationClass"]
    for file in files:
        truth, mask = standin.masks[file.stem], read_label(file)
        own = file.stem in standin.ids["train"] + standin.ids["val"]
        assert (mask == 255).any() == own  # borders are in VOC's masks only
        assert np.array_equal(mask[mask != 255], truth[mask != 255])
        with Image.open(file) as image:
            assert image.mode == "P" and np.array_equal(np.reshape(image.getpalette(), (-1, 3)), VOC_PALETTE)


def test_prepared_masks_pass_the_check(standin, tmp_path):
    prepare(standin, tmp_path / "voc")
    masks(standin, tmp_path / "voc" / "SegmentationClass")
    check_masks(tmp_path / "voc", tmp_path / "masks.csv", ["trainaug", "val"])
    with open(tmp_path / "masks.csv", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 16


def test_missing_masks_are_counted(standin, tmp_path):
    rest = standin.ids["trainaug"][8:]
    names = [f"benchmark_RELEASE/dataset/cls/{i}.mat" for i in rest[1:3]]
    archive = changed_tar(standin.sbd, tmp_path / "a.tgz", lambda m: [m.pop(n) for n in names])
    with pytest.raises(DataError, match=rf"a\.tgz lacks the masks of 2 training images \(first: {rest[1]}\)"):
        masks(standin, tmp_path / "voc" / "SegmentationClass", further=archive)
    assert list((tmp_path / "voc").iterdir()) == []


def test_validation_masks_are_never_those_of_sbd(standin, tmp_path):
    first = standin.ids["val"][0]
    name = f"VOCdevkit/VOC2012/SegmentationClass/{first}.png"
    archive = changed_tar(standin.trainval, tmp_path / "a.tar", lambda m: m.pop(name))
    with pytest.raises(DataError, match=rf"a\.tar lacks the masks of 1 validation images \(first: {first}\)"):
        masks(standin, tmp_path / "voc" / "SegmentationClass", trainval=archive)


@pytest.mark.parametrize("content", [b"", b"no mat file", "truncated"])
def test_a_damaged_mat(standin, tmp_path, content):
    name = f"benchmark_RELEASE/dataset/cls/{standin.ids['trainaug'][-1]}.mat"

    def damage(members):
        members[name] = members[name][:300] if content == "truncated" else content

    archive = changed_tar(standin.sbd, tmp_path / "a.tgz", damage)
    with pytest.raises(DataError, match=rf"a\.tgz: {Path(name).name} cannot be read as an SBD mask .*get SBD again"):
        masks(standin, tmp_path / "voc" / "SegmentationClass", further=archive)
    assert list((tmp_path / "voc").iterdir()) == []


@pytest.mark.parametrize("wrong", [np.zeros((3, 4)), np.zeros((3, 4, 2), np.uint8)])
def test_a_mat_with_another_array(tmp_path, wrong):
    savemat(tmp_path / "a.mat", {"GTcls": {"Segmentation": wrong}})
    with pytest.raises(DataError, match=r"a\.mat holds a \w+ mask of shape .*, not \(H, W\) uint8"):
        read_mat(tmp_path / "a.mat")
    savemat(tmp_path / "b.mat", {"GTinst": {"Segmentation": wrong}})
    with pytest.raises(DataError, match=r"b\.mat cannot be read as an SBD mask"):
        read_mat(tmp_path / "b.mat")


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


# --- saliency maps ------------------------------------------------------------------------------------------------


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
