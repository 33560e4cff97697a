"""The loss of the integral attention model (IAM), which learns the accumulated attention maps."""

import math

import torch
from torch.nn import functional


def integral_attention_loss(logits: torch.Tensor, target: torch.Tensor, *, saturate: bool = False) -> torch.Tensor:
    """Return the mean of -t log sigmoid(x) over t > 0 plus the mean of -log(1 - sigmoid(x)) over t = 0, a scalar.

    The multi-label cross-entropy of OAA's integral attention model, which NSROM takes over without an equation. Either
    mean is 0 where it has no elements.

    logits x, target t: float of one shape, for example (N, C, h, w); t in [0, 1], the accumulated map / 255, and zeros
    for absent classes.
    saturate: the published form of the second term, log(1 + exp(-x)) - log(exp(-x) + 1e-8). It levels off at 18.4, so
    the gradient vanishes exactly where the model is most wrong; for comparison only.
    Raises ValueError if the shapes differ.
    """
    if logits.shape != target.shape:
        raise ValueError(f"logits are {tuple(logits.shape)}, the target {tuple(target.shape)}; they must agree")
    log_sigmoid = functional.logsigmoid(logits)
    if saturate:
        # logaddexp(a, b) = log(exp(a) + exp(b)), which does not overflow for very negative logits.
        absent = -log_sigmoid - torch.logaddexp(-logits, torch.full_like(logits, math.log(1e-8)))
    else:
        absent = functional.softplus(logits)
    return _mean(-target * log_sigmoid, target > 0) + _mean(absent, target == 0)


def _mean(values: torch.Tensor, selected: torch.Tensor) -> torch.Tensor:
    # Sum and count, because the mean of an empty selection is NaN and boolean indexing would synchronise a GPU.
    return torch.where(selected, values, 0).sum() / selected.sum().clamp(min=1)
