"""Mean and covariance of the descriptors of each class, streamed: memory does not depend on the number of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ClassMoments:
    """What the pixels of one class's pictures say, float64.  d: length of a descriptor."""

    pixels: int
    mean: np.ndarray  # (d,)
    covariance: np.ndarray  # (d, d), divided by the number of pixels
    cam_covariance: np.ndarray  # (d,), of descriptor and CAM
    cam_std: float
    border: np.ndarray  # (d,), mean descriptor of the pixels at the pictures' border


class Moments:
    """Sums of descriptors, of their outer products, and of their products with the CAM, for every class.

    They are float64: a class sums up millions of pixels.  Takes (d + 4)·d·8 bytes a class: 34 MB with d = 2048, 0.7 GB
    for the 20 classes of VOC.  Classes without a pixel take nothing.
    """

    def __init__(self, device: torch.device | str = "cpu"):
        self.device = torch.device(device)
        self.sums: dict[int, dict[str, Tensor]] = {}

    def add(self, classes: Sequence[int], descriptors: Tensor, cams: Tensor, border: Tensor) -> None:
        """Pixels that count for K classes, whose common sums are made once: one picture's, or several pictures'.

        (n, d) descriptors, (K, n) CAMs, (n,) bool whether a pixel is at a border.
        """
        # After a ReLU many channels are 0 all over a picture, and so are their sums.
        active = descriptors.any(0).nonzero()[:, 0].to(self.device)
        x = descriptors.to(self.device).index_select(1, active).double()
        border = border.to(self.device)
        outer = x.new_zeros(len(active), descriptors.shape[1]).index_copy_(1, active, _outer(x))
        shared = {"outer": outer, "total": x.sum(0), "border": x[border].sum(0)}
        for c, cam in zip(classes, cams.to(self.device, torch.float64), strict=True):
            sums = self.sums.get(c) or self._empty(c, descriptors.shape[1])
            for name, rows in (shared | {"with_cam": cam @ x}).items():
                sums[name].index_add_(0, active, rows)
            sums["counts"] += torch.stack([cam.new_tensor(len(x)), border.sum().to(cam), cam.sum(), cam @ cam])

    def of(self, class_index: int) -> ClassMoments | None:
        """The moments of a class; None if it has no pixel."""
        if class_index not in self.sums:
            return None
        sums = {k: v.cpu().numpy() for k, v in self.sums[class_index].items()}
        count, at_border, cam, cam_squared = sums["counts"]
        mean, cam_mean = sums["total"] / count, cam / count
        return ClassMoments(
            pixels=int(count),
            mean=mean,
            covariance=sums["outer"] / count - np.outer(mean, mean),
            cam_covariance=sums["with_cam"] / count - mean * cam_mean,
            cam_std=float(np.sqrt(max(cam_squared / count - cam_mean**2, 0.0))),
            border=sums["border"] / max(at_border, 1),
        )

    def _empty(self, class_index: int, d: int) -> dict[str, Tensor]:
        shapes = {"outer": (d, d), "total": (d,), "with_cam": (d,), "border": (d,), "counts": (4,)}
        zeros = {k: torch.zeros(s, dtype=torch.float64, device=self.device) for k, s in shapes.items()}
        return self.sums.setdefault(class_index, zeros)


def _outer(x: Tensor) -> Tensor:
    """xᵀx, (d, d), of (n, d) float64."""
    if x.is_cuda:
        return x.T @ x
    values = x.numpy()
    return torch.from_numpy(values.T @ values)  # NumPy makes half the products of a matrix with itself; torch all
