"""A stand-in for PASCAL VOC 2012: small archives with the real ones' layout, composed from the embedded data set's art.

    standin = write_standin(tmp_path / "archives")
    overlay = {"dataset": standin.dataset_section()}     # the ``dataset:`` part of a config

``write_standin`` writes, in a few seconds and without any network:

    VOCtrainval_11-May-2012.tar   VOCdevkit/VOC2012/{JPEGImages,SegmentationClass,ImageSets/Segmentation}
    benchmark.tgz                 benchmark_RELEASE/dataset/{cls/*.mat,train.txt,val.txt}   (SBD, without its pictures)
    SegmentationClassAug.zip      SegmentationClassAug/*.png, index masks of all training and validation pictures
    VOC2012test.tar               VOCdevkit/VOC2012/{JPEGImages,ImageSets/Segmentation/test.txt}
    saliency.zip                  saliency/{id}.png of the training pictures
    image_labels.csv              image_id,split,classes: the image-level labels, splits trainaug and val

As in the real data: pictures differ in size (landscape and portrait), VOC's masks have a border of 255 around every
object and SBD's have none, a third of the training pictures have a mask in SBD only, and SBD also holds pictures of
VOC's validation split.  The bytes depend on the arguments only.
"""

import csv
import gzip
import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

from wsss.label_io import write_label
from wsss.openmoji.scenes import compose_scene
from wsss.randomness import generator
from wsss.voc.classes import CLASSES

SHAPES = ((1.0, 0.75), (0.67, 1.0), (0.78, 0.6), (1.0, 0.66))  # width and height as shares of the longest side
MINIMUM_PIXELS = 40  # a class with fewer is not worth a label
VOC = "VOCdevkit/VOC2012"
SBD = "benchmark_RELEASE/dataset"


@dataclass(frozen=True)
class StandIn:
    """Where the archives are, and what is in them.

    ``masks``: image id → (H, W) uint8 truth without borders (what SBD and SegmentationClassAug hold), of the
    training and validation pictures.  ``ids``: split (trainaug, train, val, test) → image ids; ``train`` is the part
    of trainaug that has a mask in VOC itself.  ``expected``: the check figures of ``dataset.voc2012.expected``.
    """

    trainval: Path
    sbd: Path
    augmented: Path
    test: Path
    saliency: Path
    labels: Path
    ids: dict[str, list[str]]
    expected: dict[str, int]
    masks: dict[str, np.ndarray] = field(repr=False)

    def dataset_section(self, name: str = "standin", **changes) -> dict:
        """The ``dataset:`` section of a config that uses all archives, test split included; ``changes`` to voc2012."""
        archives = {"trainval": self.trainval, "sbd": self.sbd, "test": self.test}
        voc = {key: {"path": str(path), "checksum": "off"} for key, path in archives.items()}
        return {
            "name": name,
            "train_split": "trainaug",
            "val_split": "val",
            "test_split": "test",
            "voc2012": {**voc, "labels": str(self.labels), "expected": self.expected, "download": False, **changes},
            # In full, so that nothing of a config below this one is left.
            "saliency": {"maps": str(self.saliency), "model": None, "url": None, "sha256": None},
        }


def write_standin(
    folder: Path, *, train: int = 12, val: int = 4, test: int = 3, longest_side: int = 128, seed: int = 0
) -> StandIn:
    """Writes the archives into ``folder`` (created if need be); pictures are at most ``longest_side`` px (≥ 96)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scenes = {}
    for split, count, year in (("train", train, 2007), ("val", val, 2008), ("test", test, 2009)):
        for index in range(count):
            scenes[f"{year}_{index + 1:06d}"] = (split, *_scene(split, index, longest_side, seed))
    ids = {s: [i for i, scene in scenes.items() if scene[0] == s] for s in ("train", "val", "test")}
    ids |= {"trainaug": ids["train"], "train": ids["train"][: train - train // 3]}
    masks = {i: mask for i, (split, _, mask, _) in scenes.items() if split != "test"}
    labels = {i: [CLASSES[v] for v in np.unique(mask) if v] for i, mask in masks.items()}

    voc = {f"{VOC}/JPEGImages/{i}.jpg": _jpeg(scenes[i][1]) for i in masks}
    in_voc = [*ids["train"], *ids["val"]]
    voc |= {f"{VOC}/SegmentationClass/{i}.png": _palette_png(_with_border(masks[i]), folder) for i in in_voc}
    lists = {"train": ids["train"], "val": ids["val"], "trainval": sorted(in_voc)}
    voc |= {f"{VOC}/ImageSets/Segmentation/{name}.txt": _lines(v) for name, v in lists.items()}
    sbd = {f"{SBD}/cls/{i}.mat": _mat(mask) for i, mask in masks.items()}
    sbd |= {f"{SBD}/train.txt": _lines(ids["trainaug"]), f"{SBD}/val.txt": _lines(ids["val"])}
    tests = {f"{VOC}/JPEGImages/{i}.jpg": _jpeg(scenes[i][1]) for i in ids["test"]}
    tests |= {f"{VOC}/ImageSets/Segmentation/test.txt": _lines(ids["test"])}
    augmented = {f"SegmentationClassAug/{i}.png": _png(mask) for i, mask in masks.items()}
    saliency = {f"saliency/{i}.png": _png(scenes[i][3]) for i in ids["trainaug"]}

    rows = [(i, "val" if i in ids["val"] else "trainaug", " ".join(names)) for i, names in labels.items()]
    with open(folder / "image_labels.csv", "w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("image_id", "split", "classes"), *rows])
    counts = [len(labels[i]) for i in ids["trainaug"]]
    return StandIn(
        trainval=write_tar(folder / "VOCtrainval_11-May-2012.tar", voc),
        sbd=write_tar(folder / "benchmark.tgz", sbd),
        augmented=write_zip(folder / "SegmentationClassAug.zip", augmented),
        test=write_tar(folder / "VOC2012test.tar", tests),
        saliency=write_zip(folder / "saliency.zip", saliency),
        labels=folder / "image_labels.csv",
        ids=ids,
        expected={
            "trainaug": len(counts),
            "simple": counts.count(1),
            "complex": len(counts) - counts.count(1),
            "pairs": sum(counts),
            "val": len(ids["val"]),
            "test": len(ids["test"]),
        },
        masks=masks,
    )


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    """A tar archive (gzip if the name ends in gz) of members with these names, whatever they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    data = buffer.getvalue()
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith("gz") else data)
    return path


def changed_tar(source: Path, target: Path, change) -> Path:
    """A tar whose members, name → bytes, are changed in place."""
    with tarfile.open(source) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}
    change(members)
    return write_tar(target, members)


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def _scene(split: str, index: int, longest_side: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture (H, W, 3) uint8 RGB, mask and saliency (H, W) uint8: the middle of a square scene."""
    width, height = (round(share * longest_side) for share in SHAPES[index % len(SHAPES)])
    kind = ("simple", "complex")[index % 2]
    for attempt in range(100):
        random = generator("voc stand-in", seed, split, index, attempt)
        # Backgrounds of the scenes are kept apart for train and val only.
        square = compose_scene(kind, 1 + index % 20, "train" if split == "train" else "val", longest_side, random)
        top, left = (longest_side - height) // 2, (longest_side - width) // 2
        window = np.s_[top : top + height, left : left + width]
        image, mask, saliency = (np.ascontiguousarray(a[window]) for a in square[:3])
        values, counts = np.unique(mask, return_counts=True)
        classes = len(values) - (values[0] == 0)
        if counts.min() >= MINIMUM_PIXELS and (classes == 1 if kind == "simple" else classes > 1):
            return image, mask, saliency
    raise RuntimeError(f"no scene of side {longest_side} keeps its classes when it is cropped")


def _with_border(mask: np.ndarray) -> np.ndarray:
    """VOC's masks: a line of 255 where two regions meet."""
    kernel = np.ones((3, 3), np.uint8)
    return np.where(cv2.dilate(mask, kernel) != cv2.erode(mask, kernel), 255, mask).astype(np.uint8)


def _mat(mask: np.ndarray) -> bytes:
    """SBD's file of one picture, less the boundaries: GTcls.Segmentation is the mask."""
    buffer = io.BytesIO()
    present = np.array([v for v in np.unique(mask) if v], np.uint8)[:, None]
    savemat(buffer, {"GTcls": {"Segmentation": mask, "CategoriesPresent": present}}, do_compression=True)
    # The header holds the time of writing in its first 116 bytes, which are free text.
    return b"MATLAB 5.0 MAT-file".ljust(116) + buffer.getvalue()[116:]


def _palette_png(label: np.ndarray, folder: Path) -> bytes:
    path = folder / "label.png"
    write_label(path, label)
    data = path.read_bytes()
    path.unlink()
    return data


def _png(array: np.ndarray) -> bytes:
    return cv2.imencode(".png", array)[1].tobytes()


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes()


def _lines(ids: list[str]) -> bytes:
    return "".join(f"{i}\n" for i in ids).encode()
