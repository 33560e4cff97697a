"""The visual word encoder: a codebook of words, and what a picture says in them (Eqs. 1–5, 8)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsss.smvwe.distance import distances


class Encoding(NamedTuple):
    """A batch of feature maps in words.  N: number of words."""

    probabilities: Tensor  # (B, h, w, N) float32, P: they sum to 1 over the words
    words: Tensor  # (B, h, w) int64, Z: the most probable word of each pixel
    present: Tensor  # (B, N) float32, z_word: 1 for words that some pixel is
    frequency: Tensor  # (B, N) float32, e_word: the mean of P over the pixels


class WordEncoder(nn.Module):
    """A trainable codebook (N, D), and the mapping of word frequencies to image-level scores.

    ``nearest``: P = softmax(−D/τ), so that the nearest word is the most probable; false: softmax(D/τ), Eq. 2 as
    printed, which makes it the farthest.
    """

    def __init__(
        self, channels: int, num_classes: int, *, words: int, temperature: float, distance: str, nearest: bool = True
    ):
        super().__init__()
        self.codebook = nn.Parameter(torch.rand(words, channels))  # features are not negative
        self.to_image = nn.Conv2d(words, num_classes, 1)
        self.temperature, self.distance, self.nearest = temperature, distance, nearest

    def forward(self, features: Tensor) -> Encoding:
        """(B, D, h, w) features, in words.  A constant feature map, also one of zeros, has words as any other."""
        b, d, h, w = features.shape
        descriptors = features.permute(0, 2, 3, 1).reshape(-1, d).float()
        found = distances(descriptors, self.codebook, self.distance)
        sign = -1 if self.nearest else 1
        probabilities = (sign * found / self.temperature).softmax(1).view(b, h, w, -1)
        words = probabilities.argmax(3)
        present = torch.zeros_like(probabilities[:, 0, 0]).scatter_(1, words.flatten(1), 1.0)
        return Encoding(probabilities, words, present.detach(), probabilities.mean((1, 2)))

    def image_scores(self, frequency: Tensor) -> Tensor:
        """w2i: (B, N) word frequencies → (B, L) logits of the classes."""
        return self.to_image(frequency[..., None, None]).flatten(1)

    @torch.no_grad()
    def start_from(self, descriptors: Tensor) -> None:
        """Takes (N, D) descriptors as the words to begin with."""
        self.codebook.copy_(descriptors)


def word_loss(scores: Tensor, present: Tensor) -> Tensor:
    """Eq. 8 with its minus sign and its mean over the words: (B, N) logits against z_word, multi-label soft margin."""
    return F.multilabel_soft_margin_loss(scores, present)
