"""Bad input ends the run with one sentence that names it, before any training."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from checkouts import TINY, Checkout, copy_repository
from safetensors import safe_open
from safetensors.torch import load_file, save_file


@dataclass(frozen=True)
class Workplace:
    """A checkout, and a good data folder to make bad ones from."""

    checkout: Checkout
    good: Path

    def folder(self, name: str) -> Path:
        """A good data folder of the user's own; ``name`` is that of the data set, too."""
        folder = self.checkout.folder / name
        shutil.copytree(self.good, folder)
        self.overlay(name, {"dataset": {"name": name, "path": name}})
        return folder

    def overlay(self, name: str, content: dict) -> None:
        (self.checkout.folder / f"{name}.yaml").write_text(yaml.safe_dump(content))

    def run(self, name: str) -> str:
        """What a run that has to fail prints; nothing may have been trained."""
        run = self.checkout.with_config(TINY, f"{name}.yaml").snakemake("nsrom_table3", check=False)
        assert run.returncode, run.stdout
        results = self.checkout.folder / "results" / name
        trained = [p.name for p in results.glob("*") if p.name in ("classifier", "fully_supervised", "round1")]
        assert trained == [], run.stdout
        return run.stdout


@pytest.fixture(scope="module")
def workplace(tiny_run: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    folder = tmp_path_factory.mktemp("user")
    copy_repository(folder)
    return Workplace(Checkout(folder), tiny_run.results / "data" / "openmoji")


def first(folder: Path, split: str = "train") -> str:
    return (folder / f"ImageSets/Segmentation/{split}.txt").read_text().split()[0]


def edit_label(folder: Path, classes: str) -> str:
    """Gives the first training image these classes in ``labels.csv``; returns its id."""
    image_id = first(folder)
    rows = [row.split(",") for row in (folder / "labels.csv").read_text().splitlines()]
    rows = [[*row[:2], classes] if row[0] == image_id else row for row in rows]
    (folder / "labels.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    return image_id


# --- data ---------------------------------------------------------------------------------------------------------


def truncated_picture(folder: Path) -> str:
    path = folder / f"JPEGImages/{first(folder)}.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    return f"{path.relative_to(folder.parent)} is truncated (no end of image): copy the picture again"


def mask_of_another_size(folder: Path) -> str:
    path = folder / f"SegmentationClass/{first(folder, 'val')}.png"
    cv2.imwrite(str(path), np.zeros((40, 50), np.uint8))
    return f"{path.relative_to(folder.parent)} is 50×40 px but its picture is 65×65: make both the same size"


def no_masks_of_training_pictures(folder: Path) -> str:
    """The weakly supervised case: the table's row of the bound asks for them, and says what does not."""
    ids = (folder / "ImageSets/Segmentation/train.txt").read_text().split()
    for image_id in ids:
        (folder / f"SegmentationClass/{image_id}.png").unlink()
    return (
        f"{folder.name}/SegmentationClass/{ids[0]}.png is missing, and so are those of 11 more pictures: quality and "
        "boundaries of labels, pictures of labels beside the truth and the row fully_supervised need the mask of every "
        "training picture: add it, or ask for what needs validation masks alone (evaluate_nsrom and other evaluations; "
    )


def unknown_class(folder: Path) -> str:
    image_id = edit_label(folder, "unicorn")
    return (
        f"{folder.name}/labels.csv labels {image_id} as 'unicorn', which is not a class in {folder.name}/classes.txt: "
        "correct the label or add the class"
    )


def image_without_label(folder: Path) -> str:
    image_id = edit_label(folder, "")
    return (
        f"{folder.name}/labels.csv gives no class for 1 images of split 'train' (first: {image_id}): "
        "add their image-level labels or take them out of the split"
    )


def missing_saliency(folder: Path) -> str:
    ids = (folder / "ImageSets/Segmentation/train.txt").read_text().split()
    for image_id in ids[3:5]:
        (folder / f"Saliency/{image_id}.png").unlink()
    return (
        f"{folder.name}/Saliency lacks the maps of 2 images of split 'train' (first: {ids[3]}.png): "
        "add 8-bit maps from a saliency detector, or take the images out of"
    )


def no_saliency_at_all(folder: Path) -> str:
    shutil.rmtree(folder / "Saliency")
    return f"{folder.name}/Saliency lacks the maps of 12 images of split 'train' (first: {first(folder)}.png)"


def empty_split(folder: Path) -> str:
    (folder / "ImageSets/Segmentation/val.txt").write_text("\n")
    return f"{folder.name}/ImageSets/Segmentation/val.txt lists no image: split 'val' is empty"


@pytest.mark.parametrize(
    "spoil",
    [
        truncated_picture, mask_of_another_size, no_masks_of_training_pictures, unknown_class,
        image_without_label, missing_saliency, no_saliency_at_all, empty_split,
    ],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_bad_data(workplace: Workplace, spoil: Callable[[Path], str]):
    sentence = spoil(workplace.folder(spoil.__name__))
    output = workplace.run(spoil.__name__)
    assert sentence in output
    assert "Traceback" not in output


# --- config -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "unknown_key",
            {"masking": {"kernal": 5}},
            "There is no setting 'masking.kernal' (did you mean 'masking.kernel'?",
        ),
        (
            "sweep_over_nothing",
            {"sweeps": {"mine": {"title": "t", "key": "masking.kernels", "values": [1], "axis": "a"}}},
            "Sweep 'mine': There is no setting 'masking.kernels' (did you mean 'masking.kernel'?",
        ),
        ("ill_typed", {"classifier": {"epochs": "many"}}, "The setting 'classifier.epochs' is 'many'"),
        (
            "unknown_row",
            {"tables": {"nsrom_table3": {"rows": ["nsrm"]}}},
            "tables.nsrom_table3 names the experiment 'nsrm', which is not defined (did you mean",
        ),
    ],
)
def test_bad_config(workplace: Workplace, name: str, content: dict, sentence: str):
    workplace.overlay(name, {"dataset": {"name": name}} | content)
    output = workplace.run(name)
    assert sentence in output
    assert "Traceback" not in output
    assert not (workplace.checkout.folder / "results" / name).exists()


# --- networks -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_of_another_backbone(tiny_copy: Checkout):
    evaluation = tiny_copy.results / "evaluation/default/seed-0/metrics.json"
    path = tiny_copy.results / "round2/default/seed-0/model.safetensors"
    with safe_open(path, framework="pt") as stored:
        identity = stored.metadata()
    save_file(load_file(path), path, metadata={**identity, "backbone": "resnet101"})
    run = tiny_copy.snakemake(str(evaluation.relative_to(tiny_copy.folder)), check=False)
    assert run.returncode
    assert (
        f"{path.relative_to(tiny_copy.folder)} is a checkpoint with backbone 'resnet101', "
        "but 'efficientnet_lite0' is configured: train again or correct the config"
    ) in run.stdout
    assert "Traceback" not in run.stdout
    assert path.exists()  # what was finished stays


def test_a_loss_that_is_not_a_number(tiny_copy: Checkout):
    (tiny_copy.folder / "wild.yaml").write_text(
        yaml.safe_dump({"results": "wild", "classifier": {"optimiser": {"learning_rate": 1e30, "warmup": 0.0}}})
    )
    target = "results/wild/classifier/default/seed-0/model.safetensors"
    run = tiny_copy.with_config(TINY, "wild.yaml").snakemake(target, check=False)
    assert run.returncode
    ids = (tiny_copy.results / "data/openmoji/ImageSets/Segmentation/train.txt").read_text().split()
    line = next(line for line in run.stdout.splitlines() if "the loss is nan at step " in line)
    assert " of 6 (epoch " in line
    assert sum(image_id in line for image_id in ids) == 4  # the batch
    assert "lower the learning rate or look at these pictures" in line
    assert "Traceback" not in run.stdout
    assert not (tiny_copy.folder / target).exists()
