"""Labels and logits lie on one grid: an edge comes back where it was, corner to corner or not."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from wsss.config import Config, science_leaves
from wsss.crf import refine
from wsss.resampling import resize_labels, upsample_logits

FULL, EDGE = (375, 500), (141.5, 302.5)  # the last pixel of class 1 above and to the left, and half a pixel


def planted(size: tuple[int, int] = FULL, edge: tuple[float, float] = EDGE) -> np.ndarray:
    """Class 1 above and to the left of ``edge``, between two pixels; 0 elsewhere."""
    y, x = np.mgrid[: size[0], : size[1]]
    return ((y < edge[0]) & (x < edge[1])).astype(np.uint8)


def edges(label: np.ndarray) -> tuple[float, float]:
    """Where class 1 ends below and to the right."""
    return (label[:, 0] == 1).sum() - 0.5, (label[0] == 1).sum() - 0.5


def laid_back(label: np.ndarray, size: tuple[int, int], aligned: bool) -> np.ndarray:
    """The label as perfect logits, laid on a picture of ``size`` as those of a network."""
    logits = torch.from_numpy(np.stack([label == 0, label == 1])).float()[None]
    return upsample_logits(logits, size, align_corners=aligned)[0].argmax(0).numpy()


@pytest.mark.parametrize("side", [65, 193, 328])
@pytest.mark.parametrize("aligned", [True, False])
def test_an_edge_comes_back_where_it_was(side, aligned):
    """Within half a cell for each edge, and without a drift: over many edges the mean is next to zero."""
    off = []
    for shift in range(40):
        edge = (100.5 + shift, 200.5 + 3 * shift)
        small = resize_labels(planted(edge=edge), (side, side), align_corners=aligned)
        off.append(np.subtract(edges(laid_back(small, FULL, aligned)), edge))
    cell = np.array(FULL) / side
    assert (np.abs(off).max(0) <= cell / 2 + 0.5).all()
    assert (np.abs(np.mean(off, axis=0)) < 0.2).all()  # cv2.INTER_NEAREST: half a cell, .5 to 3.9 px


@pytest.mark.parametrize("aligned", [True, False])
def test_a_label_is_what_the_logits_grid_has_there(aligned):
    """The place that a cell stands for is found by laying the pixels' own coordinates on the grid."""
    coordinates = torch.arange(500.0)[None, None, None].expand(1, 1, 375, 500)
    for side in (65, 193, 328, 499):
        cells = torch.nn.functional.interpolate(coordinates, (375, side), mode="bilinear", align_corners=aligned)[
            0, 0, 0
        ]
        taken = resize_labels(np.tile(np.arange(500), (375, 1)), (375, side), align_corners=aligned)[0]
        assert np.abs(taken - cells.numpy()).max() <= 0.5001
    label = np.arange(81).reshape(9, 9)
    assert resize_labels(label, (3, 3), align_corners=True)[1].tolist() == [36, 40, 44]
    assert resize_labels(label, (3, 3))[1].tolist() == [37, 40, 43]
    corners = resize_labels(np.arange(12).reshape(3, 4), (2, 2), align_corners=True)
    assert corners.tolist() == [[0, 3], [8, 11]]


@pytest.mark.parametrize("size", [(65, 64), (193, 328), (375, 500), (700, 800), (1, 1)])
def test_arrays_and_tensors_alike_and_as_pillow(size):
    """At sizes where no centre lies between two pixels: there, Pillow's sums decide by their rounding."""
    label = np.random.default_rng(0).integers(0, 256, FULL).astype(np.uint8)
    found = resize_labels(label, size)
    assert np.array_equal(found, np.array(Image.fromarray(label).resize(size[::-1], Image.Resampling.NEAREST)))
    for aligned in (True, False):
        batch = resize_labels(torch.from_numpy(label)[None], size, align_corners=aligned)
        assert batch.dtype == torch.uint8
        assert np.array_equal(batch[0].numpy(), resize_labels(label, size, align_corners=aligned))


def test_the_squashed_crf_keeps_edges_in_their_place():
    """Without pairwise terms the refined probabilities are those that came in; only the resampling is left."""
    off_crf = {"prediction.crf.positional_weight": 0.0, "prediction.crf.bilateral_weight": 0.0}
    settings = science_leaves(Config()) | off_crf | {"prediction.crf.iterations": 1}
    image = np.zeros((*FULL, 3), np.uint8)
    for side in (65, 193, 328):
        off = []
        for shift in range(20):
            edge = (100.5 + shift, 200.5 + 3 * shift)
            soft = cv2.GaussianBlur(planted(edge=edge).astype(np.float32), (0, 0), 12)
            label = refine(image, np.stack([1 - soft, soft]), settings | {"prediction.crf.size": side})
            off.append(np.subtract(edges(label), edge))
        assert np.abs(off).max() <= 1 and np.abs(np.mean(off, axis=0)).max() < 0.2
