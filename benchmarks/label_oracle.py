"""What shrinking labels costs: true masks, shrunk and laid back as a perfect network's logits, mIoU (%).

    python benchmarks/label_oracle.py FOLDER [SPLIT]     # a folder in VOC layout; by default its split val

One row for each grid: corner to corner, tiles, and OpenCV's ``INTER_NEAREST``, whose labels lie half a cell off.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from wsss.data import read_classes
from wsss.given_lists import split_ids
from wsss.label_io import read_label
from wsss.metrics import confusion_matrix, mean_iou
from wsss.resampling import resize_labels, upsample_logits
from wsss.segmentation import LOSS_STRIDE

SIDES = (161, 193, 328)


def main(folder: Path, split: str = "val") -> None:
    torch.set_num_threads(1)
    masks = [read_label(folder / "SegmentationClass" / f"{i}.png") for i in split_ids(folder, split)]
    classes = len(read_classes(folder / "classes.txt"))
    print(f"{'labels':28} {'logits laid':18}" + "".join(f"{side:>9} px" for side in SIDES))
    for aligned in (True, False):
        laid = "corner to corner" if aligned else "as tiles"
        for name, stride in (("on the logits' grid", 1), ("every second of them", LOSS_STRIDE), ("INTER_NEAREST", 1)):
            if stride > 1 and not aligned:
                continue  # then all are compared
            scores = [_score(masks, classes, side, aligned, stride, opencv="INTER" in name) for side in SIDES]
            print(f"{name:28} {laid:18}" + "".join(f"{100 * score:12.2f}" for score in scores))


def _score(masks: list[np.ndarray], classes: int, side: int, aligned: bool, stride: int, *, opencv: bool) -> float:
    total = np.zeros((classes, classes), np.int64)
    for mask in masks:
        if opencv:
            label = cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST)
        else:
            label = resize_labels(mask, (side, side), align_corners=aligned)
        label = label[::stride, ::stride]
        present = np.setdiff1d(label, [255])
        logits = torch.from_numpy(np.stack([label == c for c in present])).float()[None]
        winner = upsample_logits(logits, mask.shape, align_corners=aligned)[0].argmax(0).numpy()
        total += confusion_matrix(present[winner], mask, classes)
    return mean_iou(total)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
