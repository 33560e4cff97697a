"""What is said of the conditions of a score, and of the versions that made it."""

import json
from pathlib import Path

import pytest
import yaml

from wsss.conditions import conditions_of, differences
from wsss.conditions_table import conditions_note, conditions_table, pictures_scored
from wsss.config import load_config, with_settings
from wsss.versions import Versions, mixed, versions_of

ROOT = Path(__file__).resolve().parents[2]
CAFFE = {"segmentation.init": "coco", "segmentation.backbone": "resnet101", "segmentation.output_stride": 8}
PUBLISHED = CAFFE | {"segmentation.rates": [6, 12, 18, 24], "segmentation.decoder_width": None}


@pytest.fixture(scope="module")
def config():
    return load_config(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))


@pytest.mark.parametrize(
    ("deltas", "said"),
    [
        (
            {},
            {
                "data": "openmoji", "split": "val", "method": "NSROM", "supervision": "I+S", "init": "ImageNet",
                "saliency": "drawn from true masks", "network": "DeepLab-v2 with a decoder", "scales": "161 px",
                "reduce": "", "flip": "no", "rules": "code", "backbone": "EfficientNet-Lite0",
                "first_round": "scales 1, 1.5, 2, the classes of the picture",
            },
        ),
        ({"mining.rule": "paper"}, {"rules": "code and paper"}),
        (
            {"mining.rule": "paper", "classifier.head_rule": "paper", "classifier.reasoning_rule": "paper"},
            {"rules": "paper"},
        ),
        ({"retraining.retrain_on": "none"}, {"first_round": ""}),
        (PUBLISHED, {"supervision": "I+S + MS-COCO masks", "init": "MS-COCO", "network": "DeepLab-v2"}),
        (PUBLISHED | {"segmentation.rates": [12]}, {"network": "DeepLab-v1"}),
        (
            {"prediction.original_size": True, "prediction.scales": [1, 0.5], "prediction.reduce": "max"},
            {"scales": "0.5, 1", "reduce": "max"},
        ),
        ({}, {"crf": "yes"}),
        ({"prediction.crf.reference_size": 500}, {"crf": "yes, its widths those of a picture of 500 px"}),
        ({"prediction.scales": [1.5, 1]}, {"scales": "161, 241 px", "reduce": "mean"}),
        ({"prediction.crf.minimum_probability": 0.1}, {"crf": "yes"}),
        (
            {"prediction.crf.size": 64, "prediction.crf.bilateral_std": 5, "prediction.crf.iterations": 2},
            {"crf": "yes, squashed to 64 px, iterations 2, bilateral std 5"},
        ),
        (
            PUBLISHED | {"segmentation.supervision": "checkpoint", "segmentation.checkpoint": "theirs.pth"},
            {"init": "theirs.pth", "rules": "", "method": "given network", "supervision": "I+S + MS-COCO masks"},
        ),
        (
            {"segmentation.supervision": "full"},
            {"supervision": "masks", "saliency": "", "classifier": "", "rules": "", "method": "full supervision"},
        ),
        (
            {"method": "generic", "retraining.retrain_on": "none"},
            {"supervision": "I", "saliency": "", "rules": "", "classifier": "EfficientNet-Lite0"},
        ),
        ({"method": "smvwe", "retraining.retrain_on": "none"}, {"supervision": "I+S"}),
        (
            {"method": "smvwe", "retraining.retrain_on": "none", "smvwe.saliency_feedback": False},
            {"supervision": "I", "saliency": ""},
        ),
    ],
)  # fmt: skip
def test_conditions_of_an_experiment(config, deltas: dict, said: dict):
    found = conditions_of(with_settings(config, deltas), config.dataset)
    assert {k: found[k] for k in said} == said


@pytest.mark.parametrize(
    ("dataset", "detector"),
    [
        ({}, "drawn from true masks"),
        ({"name": "mine", "path": "."}, "of a detector that is not named"),
        ({"name": "mine", "path": ".", "saliency": {"maps": "maps.zip"}}, "of a detector that is not named"),
        ({"name": "mine", "path": ".", "saliency": {"model": "u2net.onnx"}}, "U²-Net"),
        ({"name": "mine", "path": ".", "saliency": {"maps": "m.zip", "detector": "PoolNet"}}, "PoolNet"),
        ({"name": "mine", "path": ".", "saliency": {"detector": "PoolNet"}}, "PoolNet"),
    ],
)
def test_the_detector_of_the_saliency_maps_is_named(dataset: dict, detector: str):
    assert load_config({"dataset": dataset}).dataset.saliency_detector == detector


def test_only_stated_conditions_are_compared():
    ours = {"backbone": "VGG-16", "init": "ImageNet", "flip": "no", "rules": "paper"}
    assert differences(ours, {"backbone": "VGG-16", "init": "", "rules": "code"}) == []
    assert differences(ours, {"backbone": "ResNet-101", "saliency": "PFAN"}) == [
        "saliency maps none instead of PFAN",
        "backbone VGG-16 instead of ResNet-101",
    ]


def made(torch: str, **code: str) -> Versions:
    return Versions({torch}, {"0123456789"}, {rule: {digest} for rule, digest in code.items()})


def test_the_note_says_which_rows_have_which_conditions():
    rows = {
        "a": {"label": "one", "init": "ImageNet", "scales": "1", "images": "6"},
        "b": {"label": "two", "init": "MS-COCO", "scales": "1", "images": "6", "rules": "code"},
        "c": {"label": "three", "init": "ImageNet", "scales": "1", "images": "6", "flip": ""},
    }
    table = conditions_table(rows, dict.fromkeys(rows, made("2.11.0")))
    assert conditions_note(table) == (
        "Conditions, where they apply: pictures 6; initial weights ImageNet (one; three), MS-COCO (two); "
        "test scales 1; rules code."
    )
    assert table["torch"].tolist() == ["2.11.0"] * 3 and table["commits"].tolist() == ["0123456789"] * 3


def record(file: Path, rule: str, torch: str = "2.11.0", source: str = "aa", dirty: bool = False) -> Path:
    inputs = {"src/wsss/deeplab.py": source, "results/x/images.csv": str(file)}
    code = {"commit": "0123456789abcdef", "dirty": dirty}
    file.write_text(json.dumps({"rule": rule, "code": code, "libraries": {"torch": torch}, "inputs": inputs}))
    return file


def test_versions_are_those_of_all_stages(tmp_path: Path):
    files = [
        record(tmp_path / "a", "train_segmentation"),
        record(tmp_path / "b", "evaluate", torch="2.14.1", dirty=True),
        tmp_path / "missing",
    ]
    found = versions_of(files)
    assert found.torch == {"2.11.0", "2.14.1"} and found.commits == {"0123456789", "0123456789 + edits"}
    assert found.code.keys() == {"train_segmentation", "evaluate"}


def test_rows_of_different_versions_are_told(tmp_path: Path):
    old, new = record(tmp_path / "a", "evaluate"), record(tmp_path / "b", "evaluate", source="bb")
    other_data = record(tmp_path / "c", "evaluate")
    assert mixed({"one": versions_of([old]), "two": versions_of([other_data])}) == ""  # data are no versions
    told = mixed({"one": versions_of([old]), "two": versions_of([new]), "three": versions_of([other_data])})
    assert told.startswith("Rows were made by different versions: code of evaluate ")
    assert "(one; three)" in told and "(two)" in told
    assert mixed({"one": made("2.11.0"), "two": made("2.14.1")}) == (
        "Rows were made by different versions: torch 2.11.0 (one), 2.14.1 (two)."
    )
    assert mixed({"one": made("2.11.0", evaluate="a"), "two": made("2.11.0", train_classifier="b")}) == ""


def test_the_pictures_of_evaluations_are_counted(tmp_path: Path):
    files = [tmp_path / str(n) for n in (6, 300)]
    for file in files:
        file.write_text(json.dumps({"images": int(file.name)}))
    assert pictures_scored(files) == "6, 300"
    assert pictures_scored(files[:1] * 2) == "6"
