"""Under which conditions a score was obtained: in words for tables, and field by field for a comparison with a paper.

A number is compared with a published one only where every field that the paper, or its published code, states is the
same here; fields that it leaves silent are not compared.
"""

from collections.abc import Mapping
from typing import Any

from wsss.data_settings import Dataset
from wsss.input_sizes import aligned_size
from wsss.methods import METHODS, supervision

BACKBONES = {  # as written
    "efficientnet_lite0": "EfficientNet-Lite0",
    "vgg16": "VGG-16",
    "resnet101": "ResNet-101",
    "resnet38": "ResNet-38",
}
INITS = {"imagenet": "ImageNet", "coco": "MS-COCO"}
PUBLISHED_CRF = {
    "iterations": 10, "positional_weight": 3, "positional_std": 1, "bilateral_weight": 4, "bilateral_std": 67,
    "colour_std": 3,
}  # fmt: skip
# What decides whether a number may be compared with a published one: key → what it is called.
COMPARED = {
    "data": "data set",
    "split": "split",
    "images": "pictures",
    "method": "method",
    "supervision": "supervision",
    "saliency": "saliency maps",
    "classifier": "classifier",
    "network": "network",
    "backbone": "backbone",
    "init": "initial weights",
    "scales": "test scales",
    "reduce": "scales joined by",
    "flip": "mirrored",
    "crf": "CRF",
}
# What is said beside it.
FURTHER = {"first_round": "first-round predictions", "rules": "rules"}
NAMES = COMPARED | FURTHER


def conditions_of(settings: Mapping[str, Any], dataset: Dataset) -> dict[str, str]:
    """The conditions of an experiment's score with CRF, in words, by the keys of ``NAMES``; what does not apply is "".

    ``settings``: all settings of the experiment, dotted.  ``images`` is not among them: the evaluation counts them.
    """
    trained = settings["segmentation.supervision"]
    weak = trained == "image_labels"
    said = {
        "data": dataset.folder,
        "split": dataset.val_split,
        "method": METHODS[settings["method"]].title if weak else _untrained(settings),
        "supervision": supervision(settings),
        "saliency": "",
        "classifier": "",
        "network": network_of(settings),
        "backbone": BACKBONES[settings["segmentation.backbone"]],
        "init": settings["segmentation.checkpoint"]
        if trained == "checkpoint"
        else INITS[settings["segmentation.init"]],
        "scales": _scales(settings),
        "reduce": settings["prediction.reduce"] if len(settings["prediction.scales"]) > 1 else "",
        "flip": "yes" if settings["prediction.flip"] else "no",
        "crf": _crf(settings),
        "first_round": "",
        "rules": "",
    }
    if weak:
        said["classifier"] = BACKBONES[settings["classifier.backbone"]]
        said["saliency"] = dataset.saliency_detector if "S" in said["supervision"].split(" ")[0] else ""
        said["rules"] = _rules(settings)
        if settings["retraining.retrain_on"] != "none":
            said["first_round"] = _first_round(settings)
    return said


def network_of(settings: Mapping[str, Any]) -> str:
    """The form of DeepLab: one branch is v1's LargeFOV, several are v2's ASPP; the decoder is ours."""
    network = "DeepLab-v1" if len(settings["segmentation.rates"]) == 1 else "DeepLab-v2"
    return network if settings["segmentation.decoder_width"] is None else f"{network} with a decoder"


def differences(ours: Mapping[str, str], stated: Mapping[str, str]) -> list[str]:
    """Where our conditions are not the stated ones, as "backbone VGG-16 instead of ResNet-101"; nothing where none is.

    ``stated``: those of ``COMPARED`` that are stated; a value that is "" is silent.
    """
    return [
        f"{name} {ours.get(key) or 'none'} instead of {stated[key]}"
        for key, name in COMPARED.items()
        if stated.get(key) and ours.get(key, "") != stated[key]
    ]


def _untrained(settings: Mapping[str, Any]) -> str:
    return "full supervision" if settings["segmentation.supervision"] == "full" else "given network"


def _crf(settings: Mapping[str, Any]) -> str:
    """ "yes" for the published CRF, else what is other."""
    crf = {k.removeprefix("prediction.crf."): v for k, v in settings.items() if k.startswith("prediction.crf.")}
    others = [f"squashed to {crf['size']} px"] if crf["size"] is not None else []
    if crf["reference_size"] is not None:
        others.append(f"its widths those of a picture of {crf['reference_size']} px")
    others += [f"{name.replace('_', ' ')} {crf[name]:g}" for name, v in PUBLISHED_CRF.items() if crf[name] != v]
    return ", ".join(["yes", *others])


def _scales(settings: Mapping[str, Any]) -> str:
    """Factors of the picture's size, or the sides of squashed pictures in px."""
    scales = sorted(settings["prediction.scales"])
    if settings["prediction.original_size"]:
        return ", ".join(f"{s:g}" for s in scales)
    base, stride = settings["segmentation.image_size"], settings["segmentation.output_stride"]
    return ", ".join(str(aligned_size(base, s, stride)) for s in scales) + " px"


def _first_round(settings: Mapping[str, Any]) -> str:
    scales = settings["first_round.scales"]
    at = "scales as in the test" if scales is None else f"scales {', '.join(f'{s:g}' for s in scales)}"
    return f"{at}, {'the classes of the picture' if settings['first_round.filter_by_labels'] else 'all classes'}"


def _rules(settings: Mapping[str, Any]) -> str:
    """Where paper and published code differ in a formula, a setting that ends in ``rule`` says which it is."""
    if settings["method"] != "nsrom":
        return ""
    found = {v for k, v in settings.items() if k.endswith("rule")}
    return found.pop() if len(found) == 1 else "code and paper"
