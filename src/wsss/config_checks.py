"""Settings that are valid alone but not together, each refused in one sentence."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

from wsss.methods import METHODS
from wsss.setting_types import FOLDER, ConfigError
from wsss.voc.classes import CLASSES


def check_combination(settings: dict[str, Any]) -> None:
    """Settings that are valid alone but not together."""
    low, high = settings["segmentation.scale"]
    if low > high:
        raise ConfigError(f"segmentation.scale is [{low}, {high}]: give the smaller scale first.")
    for section in ("classifier", "segmentation"):
        backbone, stride = settings[f"{section}.backbone"], settings[f"{section}.output_stride"]
        if backbone in ("vgg16", "resnet38") and stride != 8:
            raise ConfigError(f"{section}.output_stride is {stride}: {backbone} has 8.")
    if settings["segmentation.init"] == "coco" and settings["segmentation.backbone"] != "resnet101":
        backbone = settings["segmentation.backbone"]
        raise ConfigError(f"segmentation.init is coco, but segmentation.backbone is {backbone}: it must be resnet101.")
    if settings["segmentation.init"] == "coco" and settings["segmentation.output_stride"] != 8:
        raise ConfigError("segmentation.init is coco, whose network has the output stride 8: set it to 8.")
    if settings["segmentation.supervision"] == "checkpoint" and settings["segmentation.checkpoint"] is None:
        raise ConfigError("segmentation.supervision is checkpoint: name the file as segmentation.checkpoint.")
    if settings["segmentation.supervision"] == "checkpoint" and settings["segmentation.init"] != "coco":
        raise ConfigError(
            "segmentation.supervision is checkpoint, whose file has the caffe form: set segmentation.init to coco."
        )
    method = METHODS[settings["method"]]
    weak, masked = settings["segmentation.supervision"] == "image_labels", settings["retraining.retrain_on"] == "masked"
    if weak and masked and "masked_labels" not in method.stages:
        raise ConfigError(
            f"retraining.retrain_on is masked, but method is {settings['method']}, which masks no predictions: "
            "set it to predictions or none."
        )
    if problem := method.problem(settings):
        raise ConfigError(problem)
    first, epochs = settings["attention.first_epoch"], settings["classifier.epochs"]
    if first >= epochs:
        raise ConfigError(
            f"attention.first_epoch is {first}, but the classifier's {epochs} epochs end with {epochs - 1}: no "
            "attention would be accumulated; lower it."
        )
    if settings["classifier.backbone"] == "vgg16" and settings["cam.align_corners"]:
        raise ConfigError("cam.align_corners is true, but vgg16's cells are centred between pixels: set it to false.")


def check_names(config: Any) -> None:
    """No data set is called as another one is, whose results it would replace."""
    data = config.dataset
    if not re.search(FOLDER, data.folder):
        raise ConfigError(f"dataset.path ends in {data.folder!r}, which cannot name its results: give a dataset.name.")
    if "openmoji" in (data.folder, config.results) and data.made_of != "openmoji":
        raise ConfigError("openmoji is what the embedded data set is called: give another dataset.name or results.")
    if data.name is None and data.made_of == "folder" and data.folder in ("voc2012", "coco"):
        raise ConfigError(
            f"dataset.path ends in {data.folder}, a name whose results are compared with published ones: give a "
            f"dataset.name, {data.folder} itself if that is what the folder holds."
        )
    if "published" in (data.folder, config.results):
        raise ConfigError("results/published holds the numbers that git keeps: choose another dataset.name or results.")


def check_data(config: Any) -> None:
    """Data keys that are valid alone but not together."""
    check_names(config)
    data, maps = config.dataset, config.dataset.saliency
    if data.coco is not None:
        if data.path is not None or data.voc2012 is not None:
            raise ConfigError("dataset.coco is not the only key that names the data: set path and voc2012 to null.")
        if (data.train_split, data.val_split) != ("train", "val"):
            raise ConfigError("dataset.coco has the splits train and val: set train_split and val_split to them.")
    if data.voc2012 is not None:
        if data.path is not None:
            raise ConfigError("dataset.path and dataset.voc2012 both name the data: set one of them to null.")
        if (data.train_split, data.val_split) != ("trainaug", "val"):
            raise ConfigError("dataset.voc2012 has the splits trainaug and val: set train_split and val_split to them.")
        if data.test_split not in (None, "test"):
            raise ConfigError(f"dataset.test_split is '{data.test_split}', but dataset.voc2012 calls it test.")
        if maps is None:
            raise ConfigError("dataset.voc2012 has no saliency maps: set dataset.saliency.maps or .model.")
    if maps is not None:
        if (maps.maps is not None and maps.model is not None) or not (maps.made or maps.detector):
            raise ConfigError("dataset.saliency needs either maps or model: set exactly one of them.")
        if not maps.made and data.path is None:
            raise ConfigError("dataset.saliency.detector is set alone, for maps of a folder: set dataset.path.")
        if maps.url is not None and (maps.model is None or maps.sha256 is None):
            raise ConfigError("dataset.saliency.url needs dataset.saliency.model, the file to write, and its sha256.")
    if data.test_split is not None and config.submission.experiment not in config.experiments:
        raise ConfigError(
            f"submission.experiment is '{config.submission.experiment}', which is not defined"
            f"{nearest(config.submission.experiment, config.experiments)}."
        )


def check_same_network(where: str, settings: dict[str, dict[str, Any]]) -> None:
    """A table of methods compares labels, so nothing else may differ; ``settings``: of each experiment."""
    (first, expected), *others = settings.items()
    for name, found in others:
        for key in expected:
            supervision = key in ("segmentation.supervision", "segmentation.checkpoint")
            if key.startswith("segmentation.") and not supervision and found[key] != expected[key]:
                raise ConfigError(
                    f"{where} compares methods, but '{first}' and '{name}' differ in {key}: give both the same."
                )


def check_compared(where: str, table: Any) -> None:
    """Pairs to compare are rows of a table whose rows have intervals."""
    if not table.compare:
        return
    if table.measure not in ("scores", "methods") or table.per_class or table.compare_with is not None:
        raise ConfigError(
            f"{where} has compare, but only tables of experiments and of methods judge differences: take it out."
        )
    known: set[frozenset[str]] = set()
    for pair in table.compare:
        for name in pair:
            if name not in table.rows:
                raise ConfigError(f"{where} compares '{name}', which is none of its rows{nearest(name, table.rows)}.")
        if frozenset(pair) in known or len(set(pair)) == 1:
            raise ConfigError(f"{where} compares {pair}, the same or a pair that it compares already: take it out.")
        known.add(frozenset(pair))


def check_pairs(config: Any) -> None:
    """Pairs name classes of the data; those of a user's folder or of COCO are read later, when labels are measured."""
    if config.dataset.path is not None or config.dataset.coco is not None:
        return
    for name, figure in config.confusion_figures.items():
        for pair in figure.pairs:
            for word in pair if figure.contexts is None else pair[:1]:
                if word not in CLASSES[1:]:
                    raise ConfigError(
                        f"confusion_figures.{name} has the pair {pair}, but there is no class "
                        f"'{word}'{nearest(word, CLASSES[1:])}."
                    )


RENAMED = {"bound": "full_supervision"}  # what a key was called before


def nearest(key: str, known: Iterable[str]) -> str:
    """The words that suggest the known key closest to ``key``, for the end of a sentence; empty if none is."""
    known = list(known)
    match = [k for k in known if k == RENAMED.get(key)] or difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if not match:
        leaf = key.rsplit(".", 1)[-1]
        match = [k for k in known if k.rsplit(".", 1)[-1] == leaf][:1]
    return f" (did you mean '{match[0]}'?)" if match else ""
