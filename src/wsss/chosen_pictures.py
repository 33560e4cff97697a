"""Which pictures, and which classes, a figure shows."""

from collections.abc import Sequence

import numpy as np

from wsss.data import DataError, Picture


def choose_pictures(
    pictures: Sequence[Picture], count: int, seed: int, images: Sequence[str] = (), simple: int = 0
) -> list[Picture]:
    """The pictures that ``images`` names, else ``count`` drawn by ``seed``: ``simple`` of one class, then the others.

    The others show two or more classes.  Where one kind is too rare, the other fills up.  Within a kind, pictures are
    in the order of their ids.  Raises ``ValueError`` for a name that is not among ``pictures``.
    """
    if images:
        by_id = {p.image_id: p for p in pictures}
        missing = [i for i in images if i not in by_id]
        if missing:
            raise ValueError(f"the figure names '{missing[0]}', which is not in its split: correct `images`")
        return [by_id[i] for i in images]
    shuffled = [pictures[i] for i in np.random.default_rng(seed).permutation(len(pictures))]
    alone = [p for p in shuffled if len(p.classes) < 2]
    together = [p for p in shuffled if len(p.classes) > 1]
    first = min(max(simple, count - len(together)), count, len(alone))
    kinds = alone[:first], together[: count - first]
    return [p for kind in kinds for p in sorted(kind, key=lambda p: p.image_id)]


def choose_classes(
    pictures: Sequence[Picture], class_names: Sequence[str], chosen: Sequence[str], count: int
) -> list[int]:
    """The indices of the classes that ``chosen`` names, else of the ``count`` that most pictures show, these first.

    ``class_names``: with background.  Raises ``DataError`` for a class that no picture shows.
    """
    shown = {c: sum(c in p.classes for p in pictures) for c in range(1, len(class_names))}
    absent = [n for n in chosen if n not in class_names[1:] or not shown[class_names.index(n)]]
    if absent:
        raise DataError(f"the figure names the class '{absent[0]}', which no picture shows: correct its `classes`")
    if chosen:
        return [class_names.index(n) for n in chosen]
    return [c for c in sorted(shown, key=lambda c: (-shown[c], c))[:count] if shown[c]]
