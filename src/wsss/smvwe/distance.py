"""Distances of descriptors to words (Eq. 1) without the array of all differences."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

# Rows that are compared with one word at a time: on a CPU they stay in its cache, a GPU takes all at once.
CPU_ROWS = 64
SHORTEST = 1e-12  # descriptors of less length count as 0, without a direction or a gradient


def distances(descriptors: Tensor, words: Tensor, kind: str) -> Tensor:
    """(P, D) descriptors and (N, D) words, float32 → (P, N) in [0, 2].

    ``kind`` "manhattan": the sum of absolute differences, both at the Manhattan length 1; at the Euclidean one, words
    with few active channels would be the nearest to nearly everything.  "cosine": 1 − cosine.
    """
    if kind == "cosine":
        with torch.autocast(descriptors.device.type, enabled=False):  # an error of 16 bits would be a tenth of τ
            return 1 - (descriptors * _stretch(descriptors, 2)) @ F.normalize(words, dim=1).T
    return UnitManhattan.apply(descriptors, F.normalize(words, p=1, dim=1))


class UnitManhattan(Function):
    """(P, D), (N, D) → (P, N): sums of absolute differences of rows, stretched to Manhattan length 1, and words.

    Word by word: broadcast, P·N·D differences would be made, 52.6 GB for 4 pictures of 56 × 56 cells, 4096 channels and
    256 words.  ``torch.cdist(p=1)`` avoids that forward, but not backward on a GPU, and is slower on a CPU.
    """

    @staticmethod
    def forward(ctx, x: Tensor, words: Tensor) -> Tensor:
        stretch = _stretch(x, 1)
        ctx.save_for_backward(x, words, stretch)
        result = x.new_empty(len(words), len(x))
        for rows in _rows(x):
            unit = x[rows] * stretch[rows]
            difference = torch.empty_like(unit)
            for word, row in zip(words, result, strict=True):
                torch.sum(torch.sub(unit, word, out=difference).abs_(), 1, out=row[rows])
        return result.T

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, words, stretch = ctx.saved_tensors
        by_word = gradient.T.contiguous()
        of_x = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        of_words = torch.zeros_like(words) if ctx.needs_input_grad[1] else None
        for rows in _rows(x):
            unit = x[rows] * stretch[rows]
            sign = torch.empty_like(unit)
            for j, word in enumerate(words):
                weight = by_word[j, rows]
                torch.sub(unit, word, out=sign).sign_()
                if of_x is not None:
                    of_x[rows].addcmul_(sign, weight[:, None])
                if of_words is not None:
                    of_words[j].addmv_(sign.T, weight, alpha=-1)
            if of_x is not None:  # through the stretching: a longer row is the same
                along = (of_x[rows] * unit).sum(1, keepdim=True)
                of_x[rows].addcmul_(unit.sign_(), along, value=-1).mul_(stretch[rows])
        return of_x, of_words


def _stretch(x: Tensor, norm: int) -> Tensor:
    """(P, 1), what makes the length of each row 1."""
    length = x.norm(norm, dim=1, keepdim=True)
    return torch.where(length > SHORTEST, 1 / length.clamp_min(SHORTEST), 0)


def _rows(x: Tensor) -> list[slice]:
    size = len(x) if x.is_cuda else CPU_ROWS
    return [slice(start, start + size) for start in range(0, len(x), max(size, 1))]
