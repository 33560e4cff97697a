"""VOC's and SBD's masks from archives and folders to palette PNG."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from voc_standin import changed_tar

from wsss.data import DataError
from wsss.data_checks import check_masks
from wsss.label_io import VOC_PALETTE, read_label
from wsss.voc.masks import prepare_masks, read_mat
from wsss.voc.pictures import prepare_pictures


def silent(items, total=None, unit="pictures"):
    yield from items


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
    given = {"labels": standin.labels, "expected": standin.expected, "checksum": None}
    prepare_pictures(standin.trainval, tmp_path / "voc", progress=silent, **given)
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
