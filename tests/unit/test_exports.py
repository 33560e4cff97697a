"""Exports of labelling tools, in the form that each tool writes, become a data set that the checks take."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_folder import CONTENT, HEIGHT, WIDTH, check, drawn

from wsss.data import DataError
from wsss.export_forms import read_export
from wsss.exports import bring, main
from wsss.label_io import VOC_PALETTE, read_label

NAMES = ["cat", "dog", "traffic light"]
BROUGHT = ["cat", "dog", "traffic_light"]
COLOURS = {"background": (0, 0, 0), "cat": (250, 50, 83), "dog": (51, 221, 255), "traffic light": (61, 61, 245)}


def write_pictures(folder: Path) -> None:
    folder.mkdir(parents=True)
    for image_id, (_, shown) in CONTENT.items():
        Image.fromarray(drawn(shown)[0]).save(folder / f"{image_id}.jpg", quality=95)


def labelme(root: Path) -> Path:
    """labelme2voc: class_names.txt without __ignore__, whose pixels are 255; values in npy, masks in another folder."""
    export = root / "data_dataset_voc"
    write_pictures(export / "JPEGImages")
    for name in ("SegmentationClass", "SegmentationClassPNG", "SegmentationClassVisualization"):
        (export / name).mkdir()
    (export / "class_names.txt").write_text("\n".join(["_background_", *NAMES]))
    for image_id, (_, shown) in CONTENT.items():
        values = drawn(shown)[1].astype(np.int32)
        values[-1, -1] = -1  # __ignore__
        np.save(export / f"SegmentationClass/{image_id}.npy", values)
        image = Image.fromarray(values.astype(np.uint8), "P")
        image.putpalette(VOC_PALETTE.ravel().tolist())
        image.save(export / f"SegmentationClassPNG/{image_id}.png")
        Image.fromarray(drawn(shown)[0]).save(export / f"SegmentationClassVisualization/{image_id}.jpg")
    return export


def cvat(root: Path, mode: str = "RGB") -> Path:
    """CVAT's "Segmentation mask 1.1" with pictures: colours of the labels, one list called default."""
    export = root / "task"
    write_pictures(export / "JPEGImages")
    for name in ("SegmentationClass", "SegmentationObject", "ImageSets/Segmentation"):
        (export / name).mkdir(parents=True)
    lines = [f"{name}:{','.join(map(str, colour))}::" for name, colour in sorted(COLOURS.items())]
    (export / "labelmap.txt").write_text("\n".join(["# label:color_rgb:parts:actions", *lines]) + "\n")
    colours = np.array([COLOURS[name] for name in ("background", *NAMES)], np.uint8)
    for image_id, (_, shown) in CONTENT.items():
        painted = Image.fromarray(colours[drawn(shown)[1]])
        for folder in ("SegmentationClass", "SegmentationObject"):
            painted.convert(mode, **({"palette": Image.Palette.ADAPTIVE} if mode == "P" else {})).save(
                export / f"{folder}/{image_id}.png"
            )
    (export / "ImageSets/Segmentation/default.txt").write_text("".join(f"{i}\n" for i in CONTENT))
    return export


def coco(root: Path) -> Path:
    """CVAT's "COCO 1.0": annotations/instances_default.json beside images/default; category ids from 1."""
    write_pictures(root / "images/default")
    images, annotations = [], []
    for n, (image_id, (_, shown)) in enumerate(CONTENT.items(), 1):
        images.append(
            {"id": n, "width": WIDTH, "height": HEIGHT, "file_name": f"{image_id}.jpg", "license": 0, "flickr_url": "",
             "coco_url": "", "date_captured": 0}
        )  # fmt: skip
        for k, c in enumerate(shown):
            x, y = 2 + 10 * k, 2
            annotations.append(
                {"id": len(annotations) + 1, "image_id": n, "category_id": c, "area": 64.0, "bbox": [x, y, 8, 8],
                 "segmentation": [[x, y, x + 8, y, x + 8, y + 8, x, y + 8]], "iscrowd": 0,
                 "attributes": {"occluded": False}}
            )  # fmt: skip
    content = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
        "categories": [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(NAMES, 1)],
        "images": images,
        "annotations": annotations,
    }
    (root / "annotations").mkdir()
    (root / "annotations/instances_default.json").write_text(json.dumps(content))
    return root / "annotations/instances_default.json"


def checked(folder: Path) -> dict[str, set[str]]:
    """What the checks understand, once there are saliency maps."""
    (folder / "Saliency").mkdir()
    for mask in (folder / "SegmentationClass").iterdir():
        Image.fromarray(np.where(read_label(mask) > 0, 255, 0).astype(np.uint8)).save(folder / "Saliency" / mask.name)
    return {i: set(names) for i, names in check(folder).items()}


def cvat_with_palettes(root: Path) -> Path:
    return cvat(root, "P")


@pytest.mark.parametrize("write", [labelme, cvat, cvat_with_palettes, coco])
def test_an_export_becomes_a_data_set(tmp_path, write):
    folder = tmp_path / "mine"
    said = bring(read_export(write(tmp_path)), folder, share=0.4)
    assert "3 classes" in said and "for train" in said
    names = (folder / "classes.txt").read_text().split()
    assert sorted(names[1:]) == BROUGHT and names[0] == ("_background_" if write is labelme else "background")
    found = checked(folder)
    assert found == {i: {BROUGHT[c - 1] for c in shown} for i, (_, shown) in CONTENT.items()}
    for image_id, (_, shown) in CONTENT.items():
        mask = read_label(folder / f"SegmentationClass/{image_id}.png")
        if write is labelme:
            assert mask[-1, -1] == 255
            mask[-1, -1] = 0
        assert np.array_equal(mask, drawn(shown)[1])


def test_lists_of_the_export_are_kept(tmp_path):
    export = cvat(tmp_path)
    for split, ids in (("train", ["t0", "t1", "v3"]), ("val", ["v0"])):
        (export / f"ImageSets/Segmentation/{split}.txt").write_text("".join(f"{i}\n" for i in ids))
    bring(read_export(export), tmp_path / "mine")
    assert (tmp_path / "mine/ImageSets/Segmentation/train.txt").read_text() == "t0\nt1\nv3\n"
    (export / "SegmentationClass/v0.png").unlink()
    with pytest.raises(DataError, match=r"lists name v0, which has no mask"):
        bring(read_export(export), tmp_path / "again")


def listed(export: Path, **lists: list[str]) -> None:
    for name, ids in lists.items():
        (export / f"ImageSets/Segmentation/{name}.txt").write_text("".join(f"{i}\n" for i in ids))


def test_lists_as_cvat_calls_its_subsets(tmp_path):
    export = cvat(tmp_path)
    listed(export, Train=["t0", "t1"], Validation=["v1", "v3"], Test=["v2"])
    bring(read_export(export), tmp_path / "mine")
    assert (tmp_path / "mine/ImageSets/Segmentation/train.txt").read_text() == "t0\nt1\n"
    assert (tmp_path / "mine/ImageSets/Segmentation/val.txt").read_text() == "v1\nv3\n"
    (export / "ImageSets/Segmentation/Validation.txt").unlink()
    with pytest.raises(DataError, match=r"has the lists Test, Train, which do not say .*val\.txt"):
        read_export(export)
    (export / "ImageSets/Segmentation/Test.txt").unlink()
    assert read_export(export).splits == {}


def test_copies_that_were_made_of_one_picture_stay_together(tmp_path):
    export = cvat(tmp_path)
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        for image_id in CONTENT:
            file = export / folder / f"{image_id}{suffix}"
            for copy in range(4):
                (file.parent / f"{image_id}_jpg.rf.{copy}{suffix}").write_bytes(file.read_bytes())
            file.unlink()
    bring(read_export(export), tmp_path / "mine", share=0.4)
    train, val = (
        {i.partition(".rf.")[0] for i in (tmp_path / f"mine/ImageSets/Segmentation/{s}.txt").read_text().split()}
        for s in ("train", "val")
    )
    assert not train & val and len(train | val) == len(CONTENT)


def test_what_macos_lays_beside_files_is_none_of_them(tmp_path):
    export = cvat(tmp_path)
    for name in ("JPEGImages/._t0.jpg", "SegmentationClass/._t0.png"):
        (export / name).write_bytes(b"\0\5\x16\7")
    assert len([*read_export(export).items]) == len(CONTENT)


@pytest.mark.parametrize("suffix", [".jfif", ".bmp", ".webp"])
def test_pictures_of_other_suffixes_are_found_again(tmp_path, suffix):
    file = coco(tmp_path)
    file.write_text(file.read_text().replace(".jpg", suffix))
    for picture in (tmp_path / "images/default").iterdir():
        with Image.open(picture) as image:
            image.save(picture.with_suffix(suffix), "JPEG" if suffix == ".jfif" else None)
        picture.unlink()
    bring(read_export(file), tmp_path / "mine", share=0.4)
    assert len(checked(tmp_path / "mine")) == len(CONTENT)


def test_pictures_of_another_kind_are_refused_at_once(tmp_path):
    file = coco(tmp_path)
    file.write_text(file.read_text().replace("t0.jpg", "t0.tif"))
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "images/default/t0.tif")
    with pytest.raises(DataError, match=r"t0\.tif is neither JPEG nor PNG: save"):
        bring(read_export(file), tmp_path / "mine")


def test_a_division_stays_when_pictures_are_added(tmp_path):
    export = cvat(tmp_path)
    bring(read_export(export), tmp_path / "all", share=0.5)
    (export / "SegmentationClass/t0.png").unlink()
    bring(read_export(export), tmp_path / "fewer", share=0.5)
    for file in (f"ImageSets/Segmentation/{split}.txt" for split in ("train", "val")):
        few, many = ((tmp_path / name / file).read_text().split() for name in ("fewer", "all"))
        assert few == [i for i in many if i != "t0"]


def test_pictures_that_were_exported_apart(tmp_path):
    export = cvat(tmp_path)
    (export / "JPEGImages").rename(tmp_path / "originals")
    with pytest.raises(DataError, match=r"t0\.jpg is missing .*--pictures"):
        bring(read_export(export), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    bring(read_export(export, tmp_path / "originals"), tmp_path / "mine", share=0.4)


def test_pictures_without_a_class_are_left_out_and_counted(tmp_path):
    export = cvat(tmp_path)
    Image.new("RGB", (WIDTH, HEIGHT)).save(export / "SegmentationClass/t0.png")
    said = bring(read_export(export), tmp_path / "mine", share=0.4)
    assert "1 pictures without any class are left out" in said
    assert not (tmp_path / "mine/JPEGImages/t0.jpg").exists()


def move(file: Path, folder: str) -> None:
    (file.parent / folder).mkdir()
    file.rename(file.parent / folder / file.name)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda e: Image.new("RGB", (WIDTH, HEIGHT), (1, 2, 3)).save(e / "SegmentationClass/t1.png"), ["(1, 2, 3)"]),
        (lambda e: Image.new("L", (WIDTH, HEIGHT), 1).save(e / "SegmentationClass/t1.png"), ["mode L"]),
        (lambda e: (e / "SegmentationClass/t1.png").write_bytes(b"x"), ["cannot be read"]),
        (lambda e: Image.new("RGB", (5, 5)).save(e / "SegmentationClass/t1.png"), ["5×5", f"{WIDTH}×{HEIGHT}"]),
        (lambda e: (e / "labelmap.txt").write_text("cat\ndog\n"), ["labelmap.txt, line 1"]),
        (lambda e: (e / "labelmap.txt").write_text("cat:1,2,300::\n"), ["labelmap.txt, line 1"]),
        (lambda e: (e / "labelmap.txt").write_text("cat:1,2,3::\ndog:1,2,3::\n"), ["labelmap.txt, line 2", "'dog'"]),
        (lambda e: (e / "labelmap.txt").write_text("cat:0,0,0::\ndog:1,2,3::\n"), ["black"]),
        (lambda e: (e / "labelmap.txt").unlink(), ["no export that is known"]),
        (lambda e: (e / "JPEGImages/t1.jpg").rename(e / "JPEGImages/t1.tif"), ["there is t1.tif: save it as .jpg"]),
        (lambda e: move(e / "SegmentationClass/t1.png", "camera"), ["camera/t1.png", "folder of its own", "COCO"]),
    ],
)
def test_an_export_that_cannot_be_taken(tmp_path, spoil, words):
    export = cvat(tmp_path)
    spoil(export)
    with pytest.raises(ValueError) as caught:
        bring(read_export(export), tmp_path / "mine")
    assert all(word in str(caught.value) for word in words), caught.value
    assert not (tmp_path / "mine").exists()


def test_an_export_with_a_shape_that_is_none(tmp_path):
    file = coco(tmp_path)
    content = json.loads(file.read_text())
    content["annotations"][0]["segmentation"] = []
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"instances_default\.json: the shapes of t0\.jpg .*annotation 1: .*empty"):
        bring(read_export(file), tmp_path / "mine")


def test_the_command(tmp_path, capsys):
    export = labelme(tmp_path)
    main([str(export), str(tmp_path / "mine"), "--val", "0.4"])
    assert "mine has pictures of labelme's (" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"Error: .*mine is there already"):
        main([str(export), str(tmp_path / "mine")])
    source = Path(__file__).resolve().parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-m", "wsss.exports", str(tmp_path), str(tmp_path / "x")],
        env={"PYTHONPATH": str(source)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode and "no export that is known" in run.stderr and "Traceback" not in run.stderr
