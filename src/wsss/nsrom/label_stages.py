"""The stages that make labels from maps, saliency and predictions, one picture at a time over several processes."""

from pathlib import Path

import numpy as np

from wsss.class_maps import resize_attention
from wsss.data import Picture
from wsss.label_io import read_gray, read_label
from wsss.map_io import read_maps
from wsss.nsrom.labels import fuse_saliency, ignore_if_tiny, mask_nonsalient_region, mine_potential_objects


def initial_label(picture: Picture, *, maps: Path, settings: dict) -> np.ndarray:
    """Saliency fusion ("background extraction") of the OA-CAMs in folder ``maps``."""
    attention = _full_size(picture, maps, settings["cam.align_corners"])
    return fuse_saliency(
        attention,
        read_gray(picture.saliency),
        foreground=settings["fusion.foreground"],
        conflict=settings["fusion.conflict"],
        uncertain_saliency=settings["fusion.uncertain_saliency"],
        confident_attention=settings["fusion.confident_attention"],
    )


def pseudo_label(picture: Picture, *, initial: Path, maps: Path, settings: dict) -> np.ndarray:
    """The label that trains the first round: that in folder ``initial``, mined with the CAMs in ``maps`` if enabled.

    Either way it is dropped if it has next to no foreground; the label that is mined has not been.
    """
    label = read_label(initial / f"{picture.image_id}.png")
    if settings["mining.enabled"]:
        cams = _full_size(picture, maps, settings["cam.align_corners"])
        constants = {name: settings[f"mining.{name}"] for name in ("background", "rule")}
        label = mine_potential_objects(label, cams, **constants)
    return ignore_if_tiny(label, minimum=settings["fusion.minimum_foreground"])


def masked_label(picture: Picture, *, predictions: Path, labels: Path, settings: dict) -> np.ndarray:
    """Non-salient region masking of the first-round prediction; simple pictures keep it unless ``images`` is "all"."""
    label = read_label(predictions / f"{picture.image_id}.png")
    if picture.kind == "complex" or settings["masking.images"] == "all":
        # Without the mask its constants are no settings of this stage.
        names = ("kernel", "saliency_threshold") if settings["masking.mask"] else ()
        constants = {name: settings[f"masking.{name}"] for name in names}
        label = mask_nonsalient_region(
            label,
            read_label(labels / f"{picture.image_id}.png"),
            read_gray(picture.saliency),
            expand=settings["masking.expand"],
            mask=settings["masking.mask"],
            **constants,
        )
    return ignore_if_tiny(label, minimum=settings["masking.minimum_foreground"])


def _full_size(picture: Picture, maps: Path, aligned: bool) -> dict[int, np.ndarray]:
    small = read_maps(maps / f"{picture.image_id}.png", picture.classes)
    return {c: resize_attention(m, (picture.height, picture.width), aligned=aligned) for c, m in small.items()}
