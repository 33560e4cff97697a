"""Ground-truth masks: their form, and whether they show what image-level labels say.  Evaluation's side only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsss.data import DataError
from wsss.label_io import VOC_PALETTE, read_label_and_palette

IGNORED = 255
FEW = 3  # pictures; of fewer one cannot say that masks and labels mean different classes
MANY = 5  # pictures; where so many lack a class, it was not just too small to be drawn
MOST = 0.5  # of a class's pictures that may lack it in the other, else the two mean different things


def shown_classes(path: Path, num_classes: int, *, any_palette: bool) -> tuple[np.ndarray, frozenset[int]]:
    """A mask, (H, W) uint8, and the indices of the classes that it shows.  Raises ``DataError`` for any other value."""
    mask, palette = read_label_and_palette(path)
    values = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)).tolist()
    bad = next((v for v in values if v >= num_classes and v != IGNORED), None)
    if bad is not None:
        raise DataError(
            f"{path} has the value {bad}, but there are {num_classes} classes: indices 0..{num_classes - 1} or 255"
        )
    if palette is not None and not any_palette:
        _check_palette(path, palette, [v for v in values if v != IGNORED])
    return mask, frozenset(values) - {0, IGNORED}


def _check_palette(path: Path, palette: np.ndarray, values: Sequence[int]) -> None:
    """An index means a class; where a palette is VOC's in another order, or none, the colours say something else."""
    known = np.concatenate([palette, np.full((256 - len(palette), 3), -1)])  # (256, 3); -1: not in the palette
    used = known[values]
    grey = (used == np.array(values)[:, None]).all()
    if grey or (used == VOC_PALETTE[values]).all():
        return
    at = int(np.flatnonzero((used != VOC_PALETTE[values]).any(axis=1))[0])
    colour = used[at].tolist()
    if values[at] >= len(palette):
        raise DataError(f"{path} has the index {values[at]} and a palette of {len(palette)} colours: save it again")
    other = np.flatnonzero((colour == VOC_PALETTE).all(axis=1)).tolist()
    whose = f"VOC's palette has at {other[0]}" if other else "is none of VOC's palette"
    raise DataError(
        f"{path} paints the index {values[at]} in the colour {tuple(colour)}, which {whose}: save masks with VOC's "
        "palette or as 8-bit grey, or set dataset.palette to any if indices are right whatever their colours"
    )


@dataclass(frozen=True)
class Disagreement:
    """Where the masks of a split differ from its image-level labels; a picture without a label is not compared."""

    folder: Path
    split: str
    classes: Sequence[str]
    both: Mapping[str, tuple[frozenset[int], frozenset[int]]]  # image id → what its mask shows, what its label says

    @property
    def ids(self) -> list[str]:
        return [i for i, (mask, label) in self.both.items() if mask != label]

    def refuse_beyond(self, allowed: float) -> None:
        """Raises ``DataError`` if what differs is more than an object too small to be drawn, or one not labelled.

        ``allowed``: the share of pictures that may differ.
        """
        if self.both and not any(mask for mask, _ in self.both.values()):
            raise DataError(
                f"{self.folder / 'SegmentationClass'}: no mask of the {len(self.both)} of split '{self.split}' shows a "
                "class, only the values 0 and 255 (ignored), though labels.csv gives each one: draw a class with its "
                "index in classes.txt"
            )
        if len(self.ids) > allowed * len(self.both):
            raise DataError(
                f"{self._where} differ in {len(self.ids)} of {len(self.both)} pictures of split '{self.split}' (first: "
                f"{self._told(self.ids[0])}): correct labels, masks or the order of classes.txt; dataset.disagreement "
                f"allows {100 * allowed:g} % of the pictures"
            )
        for c in range(1, len(self.classes)) if allowed < 1 else ():
            self._refuse_two_meanings(c)

    def _refuse_two_meanings(self, c: int) -> None:
        """Two rare classes that are taken for each other are few pictures, but nearly all of theirs.

        A class that a few pictures lack may be too small to be drawn, or not labelled: then no other is in its place.
        """
        shown = {i for i, (mask, _) in self.both.items() if c in mask}
        said = {i for i, (_, label) in self.both.items() if c in label}
        for here, there, side, names in ((said, shown, 0, ("labels", "masks")), (shown, said, 1, ("masks", "labels"))):
            lacking = here - there
            replaced = {i for i in lacking if self.both[i][side] - self.both[i][1 - side]}
            telling = lacking if len(lacking) >= MANY else replaced
            if len(here) >= FEW and len(telling) > MOST * len(here):
                raise DataError(
                    f"{self._where} seem to mean different classes by '{self.classes[c]}': {len(here)} {names[0]} of "
                    f"split '{self.split}' have it, and {len(lacking)} of the {names[1]} of these pictures lack it "
                    f"(first: {self._told(min(telling))}): compare values of masks with the order of classes.txt; if "
                    "both are right, set dataset.disagreement to 1, which allows any difference"
                )

    def notes(self) -> list[str]:
        """A sentence for each kind of difference that there is."""
        unshown = [i for i, (mask, label) in self.both.items() if label - mask]
        unlabelled = [i for i, (mask, label) in self.both.items() if mask - label]
        kinds = (
            (unshown, "do not show all classes of their label"),
            (unlabelled, "show a class that their label lacks"),
        )
        return [
            f"{len(ids)} of {len(self.both)} masks of split '{self.split}' {what} (first: {self._told(ids[0])})"
            for ids, what in kinds
            if ids
        ]

    @property
    def _where(self) -> str:
        return f"{self.folder / 'SegmentationClass'} and {self.folder / 'labels.csv'}"

    def _told(self, image_id: str) -> str:
        shown, said = (
            " and ".join(self.classes[c] for c in sorted(found)) or "no class" for found in self.both[image_id]
        )
        return f"the mask of {image_id} shows {shown}, its label says {said}"
