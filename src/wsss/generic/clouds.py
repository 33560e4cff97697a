"""Clouds of descriptors: objects and background on the first two eigenvectors of a class.  Evaluation: reads masks."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from wsss.chosen_pictures import choose_classes
from wsss.data import Picture, read_picture, squash
from wsss.generic.network import trained_features
from wsss.generic.patterns import load_patterns
from wsss.generic.stages import input_side
from wsss.label_io import read_label
from wsss.randomness import generator
from wsss.resampling import resize_labels
from wsss.training import device

Block = tuple[str, dict, Path, Path]  # label, settings, checkpoint of the classifier, patterns
POINTS = 1500  # of a class and block; more would cover each other


def feature_clouds(
    pictures: Sequence[Picture],
    masks: dict[str, Path],
    class_names: Sequence[str],
    blocks: Sequence[Block],
    *,
    count: int,
    chosen: Sequence[str],
    seed: int,
    progress: Callable,
) -> pd.DataFrame:
    """Descriptors on the first two eigenvectors: columns block, class, kind, x, y (standard deviations of the first).

    At most ``count`` pictures of a class, drawn by ``seed``, give at most ``POINTS`` descriptors of a block.  Raises
    ``DataError`` if ``chosen`` names an unknown class.
    """
    parts = []
    for c in choose_classes(pictures, class_names, chosen, 2):
        shown = [p for p in pictures if c in p.classes]
        order = generator("clouds", seed, c).permutation(len(shown))[:count]
        for label, settings, checkpoint, patterns in blocks:
            pattern = load_patterns(patterns)[c - 1]
            features = trained_features(checkpoint, settings, len(class_names) - 1)
            place = partial(_placed, features=features, pattern=pattern, settings=settings, masks=masks, target=c)
            points = pd.concat([place(shown[i]) for i in progress(order, len(order))], ignore_index=True)
            points = points.sample(min(POINTS, len(points)), random_state=seed)
            parts.append(points.assign(block=label, **{"class": class_names[c]}))
    return pd.concat(parts, ignore_index=True)[["block", "class", "kind", "x", "y"]]


def _placed(
    picture: Picture, *, features, pattern, settings: dict, masks: dict[str, Path], target: int
) -> pd.DataFrame:
    """The descriptors of one picture on the two eigenvectors, with what their pixels truly are."""
    aligned = settings["cam.align_corners"]
    image = squash(read_picture(picture.path), input_side(settings), aligned=aligned)
    with torch.inference_mode():
        found, _ = features(features.network.backbone.normalise(torch.from_numpy(image)[None].to(device())))
    values = found[0].flatten(1).T.double().cpu().numpy() - pattern.mean
    x, y = (values @ pattern.directions.T / max(pattern.std, 1e-12)).T
    truth = read_label(masks[picture.image_id])
    truth = resize_labels(truth, tuple(found.shape[-2:]), align_corners=aligned)
    kinds = np.select([truth == target, truth == 0], ["object", "background"], "another class")
    return pd.DataFrame({"kind": kinds.ravel(), "x": x, "y": y})[(truth != 255).ravel()]
