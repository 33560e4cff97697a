"""Saliency feedback: the maps of a picture's classes and of the background against its saliency map (Eqs. 6, 7, 9)."""

import torch
from torch import Tensor


def overlap(maps: Tensor, saliency: Tensor) -> Tensor:
    """φ: the share of each map that is salient, (B, L) in [0, 1] without a gradient.

    maps: (B, L, h, w) in [0, 1]; saliency: (B, h, w) in [0, 1].  Both are rounded, so that pixels are counted.  A map
    without a pixel of .5 or more is weighed by its values instead of 0/0; one of zeros has the overlap 0.
    """
    maps, salient = maps.detach(), saliency.detach().round()[:, None]
    inside = maps.round()
    inside = torch.where(inside.sum((2, 3), keepdim=True) > 0, inside, maps)
    area = inside.sum((2, 3))
    return (inside * salient).sum((2, 3)) / area.clamp_min(torch.finfo(area.dtype).tiny)


def estimated_saliency(
    maps: Tensor, saliency: Tensor, labels: Tensor, *, mu: float, delta: float, background_channel: bool = True
) -> Tensor:
    """F_s = (1 − μ)·F_fg + μ·(1 − F_bg), (B, h, w) in [0, 1].

    maps: (B, L + 1, h, w), the softmax over the classes and, last, the background; labels: (B, L) 0/1.  Of a picture's
    classes, those whose overlap with the saliency exceeds ``delta`` make up F_fg; F_bg is the background channel and
    the rest of them.  ``background_channel`` false: Eq. 7 as printed, in which F_bg is that rest alone.
    """
    objects, background = maps[:, :-1], maps[:, -1]
    salient = (overlap(objects, saliency) > delta).to(maps.dtype)
    foreground = (objects * (labels * salient)[..., None, None]).sum(1)
    rest = (objects * (labels * (1 - salient))[..., None, None]).sum(1)
    behind = rest + background if background_channel else rest
    return (1 - mu) * foreground + mu * (1 - behind)


def saliency_loss(
    maps: Tensor, saliency: Tensor, labels: Tensor, *, mu: float, delta: float, background_channel: bool = True
) -> Tensor:
    """Eq. 9, the mean squared difference of F_s and the saliency at the maps' size; see ``estimated_saliency``."""
    estimate = estimated_saliency(maps, saliency, labels, mu=mu, delta=delta, background_channel=background_channel)
    return (estimate - saliency).square().mean()
