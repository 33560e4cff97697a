"""The global reasoning unit of NSROM (Eq. 1 to 3): features -> graph of region nodes -> features."""

import torch
from torch import nn
from torch.nn import functional


class GlobalReasoning(nn.Module):
    """Add to each position what a graph convolution over `nodes` regions tells about it: (N, channels, h, w) in, out.

    With L = h * w positions and S = 2 * nodes states, the input gives the assignment B (nodes, L) and the reduced
    features X (S, L), both by 1x1 convolutions:

    Eq. 1  V = B X^T, the state of every node (nodes, S), not divided by L
    Eq. 2  Z = ReLU(V + A V + b) W  in published code (form="code");  Z = ((I - A) V) W  in the paper (form="paper")
    Eq. 3  Y = B^T Z, back to positions; then a 1x1 convolution to `channels`, batch norm, and addition to the input

    A (nodes, nodes) and W (S, S) are learnt. Raises ValueError if `channels` or `nodes` is below 1 or the form unknown.
    """

    def __init__(self, channels: int, nodes: int, *, form: str = "code") -> None:
        super().__init__()
        if channels < 1 or nodes < 1:
            raise ValueError(f"channels is {channels} and nodes is {nodes}; both must be at least 1")
        if form not in ("code", "paper"):
            raise ValueError(f'form is "{form}"; it must be "code" or "paper"')
        self.form = form
        states = 2 * nodes
        self.assign = nn.Conv2d(channels, nodes, kernel_size=1)
        self.reduce = nn.Conv2d(channels, states, kernel_size=1)
        # Convolutions of kernel size 1: over the nodes as channels that is the adjacency A, over the states it is W.
        self.adjacency = nn.Conv1d(nodes, nodes, kernel_size=1, bias=form == "code")
        self.update = nn.Conv1d(states, states, kernel_size=1, bias=False)
        self.extend = nn.Conv2d(states, channels, kernel_size=1, bias=False)
        self.norm = nn.BatchNorm2d(channels, eps=1e-4)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        assignment = self.assign(features).flatten(2)
        state = assignment @ self.reduce(features).flatten(2).transpose(1, 2)
        if self.form == "code":
            reasoned = functional.relu(state + self.adjacency(state))
        else:
            reasoned = state - self.adjacency(state)
        updated = self.update(reasoned.transpose(1, 2))
        projected = (updated @ assignment).unflatten(2, features.shape[2:])
        return features + self.norm(self.extend(projected))
