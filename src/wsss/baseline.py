"""A results folder and its baseline: names of variants tell only what differs from it, so there can be but one."""

import json
from pathlib import Path
from typing import Any

from wsss.config import Config, leaves, science_leaves
from wsss.setting_types import ConfigError

FILE = "baseline.json"  # in a folder of `results/`; the jobs write it (`wsss.remembering`); {} lets any baseline in
SHOWN = 8  # settings that a sentence names


def baseline(config: Config) -> dict[str, Any]:
    """What names in the config's folder leave unsaid, dotted key → value: its settings, data and initial weights.

    A place from which data are copied is not among it, since what was copied from another place may be the same; that
    of saliency maps is, because another one means another detector, and that of labels.  Data without any maps have
    nothing to say of them: nothing was made of maps then, and they may be added.
    """
    data, made_of = config.dataset, config.dataset.made_of
    known = {"dataset": made_of, "dataset.name": data.folder}
    known |= {f"dataset.{k}": getattr(data, k) for k in ("path", "train_split", "val_split")}
    own_maps = made_of == "openmoji" or (made_of == "folder" and Path(data.path or "", "Saliency").is_dir())
    if data.saliency or own_maps:
        known |= {f"dataset.saliency.{k}": getattr(data.saliency, k, None) for k in ("maps", "model")}
    known |= leaves(data.openmoji, "dataset.openmoji.") if made_of == "openmoji" else {}
    known |= {f"dataset.coco.{k}": getattr(data.coco, k) for k in ("year", "crowds")} if data.coco else {}
    if data.voc2012:
        further = "SegmentationClassAug" if data.voc2012.augmented.path else "SBD"
        known |= {"dataset.voc2012.labels": data.voc2012.labels, "dataset.voc2012.augmented": further}
    return science_leaves(config) | known | _initial_weights(config)


def _initial_weights(config: Config) -> dict[str, Any]:
    """The files that the baseline's networks start from; a file that none of them reads may change."""
    used = {config.classifier.backbone, config.segmentation.backbone}
    used |= {"coco"} if config.segmentation.init == "coco" else set()
    return {f"weights.{k}": getattr(config.weights, k) for k in ("vgg16", "resnet101", "resnet38", "coco") if k in used}


def check_baseline(config: Config, results: Path) -> None:
    """Raises ``ConfigError`` if what lies in a folder under ``results`` is named relative to another baseline.

    A setting that the folder does not know was added since: what is there was made with its default.  What it does not
    know of data and weights is not compared.  Of all folders of a data set, the data must be the same.
    """
    now, own = baseline(config), results / config.folder / FILE
    for file in sorted(results.glob(f"*/{FILE}")):
        same = _read(file).get("dataset.name") == config.dataset.folder
        if same and (other := {k: v for k, v in _differing(file, now).items() if k.startswith("dataset")}):
            raise ConfigError(
                f"{file.parent} was made from other data of the name {config.dataset.folder} ({_told(other)}), and "
                "this would replace what is finished: give these data a dataset.name of their own, or, to make all "
                f"anew, delete {file}."
            )
    if differing := _differing(own, now) if own.exists() else _made_otherwise(own.parent, now):
        raise ConfigError(
            f"{own.parent} was made with another baseline ({_told(differing)}), and names in it tell only what differs "
            "from that, so this would replace what is finished: set these keys in an experiment (`experiments: … set`),"
            " or give this baseline a folder of its own (`results: a_name`), or, to make all anew, write {} into "
            f"{own}."
        )


def _differing(file: Path, now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Key → its value in ``file`` and now, where they differ, but for the name; nothing if it holds none."""
    if not (remembered := _read(file)):
        return {}
    before = science_leaves(Config()) | remembered | {"dataset.name": now["dataset.name"]}
    return {k: (before[k], v) for k, v in now.items() if k in before and before[k] != v}


def _made_otherwise(folder: Path, now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The same, of a folder that a version without memory has made: variants called default have the baseline's values.

    Only of settings that there were then and that there still are.
    """
    made = [_read(f).get("parameters", {}) for f in sorted(folder.glob("*/default/seed-*/provenance.json"))]
    return {k: (v, now[k]) for parameters in made for k, v in parameters.items() if k in now and now[k] != v}


def _told(differing: dict[str, tuple[Any, Any]]) -> str:
    told = [f"{k} was {_word(was)}, now {_word(now)}" for k, (was, now) in differing.items()]
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return "; ".join([*told[:SHOWN], *more])


def _word(value: Any) -> str:
    return "null" if value is None else str(value)


def _read(file: Path) -> dict[str, Any]:
    try:
        remembered = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        remembered = None
    if not isinstance(remembered, dict):
        raise ConfigError(f"{file} is damaged: delete it if {file.parent} was made with this baseline.")
    return remembered
