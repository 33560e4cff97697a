"""Pictures of words, maps and labels, and which words pictures are made of.  The drawing reads masks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.colors
import numpy as np
import pandas as pd
import torch

from wsss.data import Picture, read_picture, resized
from wsss.label_io import read_gray, read_label
from wsss.pictures import Row, paint_heat, paint_label, picture_row
from wsss.resampling import resize_labels
from wsss.smvwe.labels import strongest_map
from wsss.smvwe.network import WordNetwork
from wsss.smvwe.samples import inference_sizes
from wsss.training import device

GOLDEN = 0.618034  # neighbours in the codebook get hues that are far apart


@torch.inference_mode()
def word_grid(network: WordNetwork, picture: Picture, settings: dict) -> np.ndarray:
    """The word of each feature cell of a picture at its finest scale, (h, w) int32."""
    size, aligned = inference_sizes(picture, settings)[-1], settings["cam.align_corners"]
    image = resized(read_picture(picture.path), size, aligned=aligned)
    features, _ = network(network.backbone.normalise(torch.from_numpy(image)[None].to(device())))
    return network.encoder(features).words[0].cpu().numpy().astype(np.int32)


def word_table(grids: Mapping[str, np.ndarray], network: WordNetwork, class_names: Sequence[str]) -> pd.DataFrame:
    """One row for each picture and word in it: ``image_id``, ``word``, ``cells``, and the ``class`` it speaks for.

    That is the class whose image-level score a word raises most above the mean over words, by the mapping w2i.
    """
    weight = network.encoder.to_image.weight.detach()[:, :, 0, 0]
    speaks_for = (weight - weight.mean(1, keepdim=True)).argmax(0).tolist()
    rows = []
    for image_id, grid in grids.items():
        for word, cells in zip(*np.unique(grid, return_counts=True), strict=True):
            rows.append((image_id, int(word), int(cells), class_names[speaks_for[word] + 1]))
    return pd.DataFrame(rows, columns=["image_id", "word", "cells", "class"])


def paint_words(picture: np.ndarray, grid: np.ndarray, *, aligned: bool) -> np.ndarray:
    """A grid of words over a faded picture, (H, W, 3) uint8; a word has the same colour in all pictures."""
    grid = resize_labels(grid, picture.shape[:2], align_corners=aligned)
    colours = matplotlib.colors.hsv_to_rgb(
        np.stack([(grid * GOLDEN) % 1, 0.55 + 0.4 * (grid % 2), 0.95 - 0.35 * (grid % 3) / 2], axis=-1)
    )
    cells = (255 * colours).astype(np.uint8)
    grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
    return (0.35 * grey + 0.65 * cells).astype(np.uint8)


def word_rows(
    pictures: Sequence[Picture],
    masks: Mapping[str, Path],
    grids: Sequence[Mapping[str, np.ndarray]],
    maps: Sequence[Path],
    labels: Sequence[Path],
    class_names: Sequence[str],
    *,
    aligned: bool,
) -> list[Row]:
    """Picture, saliency, the words, highest map and label of each experiment, and the true mask."""
    rows = []
    for picture in pictures:
        image, truth = read_picture(picture.path), read_label(masks[picture.image_id])
        cells = [image, np.repeat(read_gray(picture.saliency)[..., None], 3, axis=2)]
        shown = [truth]
        for grid, folder, label_folder in zip(grids, maps, labels, strict=True):
            label = read_label(label_folder / f"{picture.image_id}.png")
            cells.append(paint_words(image, grid[picture.image_id], aligned=aligned))
            cells.append(paint_heat(image, strongest_map(picture, folder, aligned=aligned)[1]))
            cells.append(paint_label(label))
            shown.append(label)
        rows.append(picture_row(picture, [*cells, paint_label(truth)], shown, class_names))
    return rows
