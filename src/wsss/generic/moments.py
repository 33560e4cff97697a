"""Mean and covariance of the descriptors of each class, streamed: memory does not depend on the number of pictures."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg.blas import dsyrk
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

    def add(self, class_index: int, descriptors: Tensor, cam: Tensor, border: Tensor) -> None:
        """Pixels of pictures of a class: (n, d) descriptors, (n,) CAM, (n,) bool whether they are at a border."""
        x = descriptors.to(self.device, torch.float64)
        cam = cam.to(self.device, torch.float64)
        sums = self.sums.get(class_index) or self._empty(class_index, x.shape[1])
        _add_outer(sums["outer"], x)
        sums["total"] += x.sum(0)
        sums["with_cam"] += cam @ x
        sums["border"] += x[border.to(self.device)].sum(0)
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
            covariance=_symmetric(sums["outer"]) / count - np.outer(mean, mean),
            cam_covariance=sums["with_cam"] / count - mean * cam_mean,
            cam_std=float(np.sqrt(max(cam_squared / count - cam_mean**2, 0.0))),
            border=sums["border"] / max(at_border, 1),
        )

    def _empty(self, class_index: int, d: int) -> dict[str, Tensor]:
        shapes = {"outer": (d, d), "total": (d,), "with_cam": (d,), "border": (d,), "counts": (4,)}
        zeros = {k: torch.zeros(s, dtype=torch.float64, device=self.device) for k, s in shapes.items()}
        return self.sums.setdefault(class_index, zeros)


def _add_outer(total: Tensor, x: Tensor) -> None:
    """Adds xᵀx to the lower triangle of ``total`` (d, d), in place; x: (n, d), both float64."""
    if total.is_cuda:
        total.addmm_(x.T, x)
    else:  # half the work of a general product; BLAS counts in columns, where a lower triangle is an upper one
        dsyrk(1.0, x.numpy().T, beta=1.0, c=total.numpy().T, overwrite_c=1)


def _symmetric(lower: np.ndarray) -> np.ndarray:
    """The full matrix of a lower triangle."""
    full = np.tril(lower)
    full += np.tril(lower, -1).T
    return full
