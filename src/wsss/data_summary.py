"""What was understood of a data set, for people to look at before anything is trained."""

from collections import Counter
from collections.abc import Mapping, Sequence

from wsss.data import Picture

Splits = Mapping[str, Sequence[Picture]]


def summary(
    pictures: Splits,
    classes: Sequence[str],
    masks: Mapping[str, int],
    maps: Mapping[str, int | str],
    notes: Sequence[str],
) -> list[str]:
    """Lines about pictures, classes, masks and saliency maps of splits, the training split first, and warnings.

    ``masks``, ``maps``: how many of each split were checked, or what is to be said instead.  ``notes``: what the
    checks found odd.
    """
    rows = [("pictures", f"{split}: {_pictures(listed)}") for split, listed in pictures.items()]
    rows += [("classes", line) for line in _classes(pictures, classes)]
    rows += [("masks", f"{split}: {masks.get(split, 'none')}") for split in pictures]
    rows += [("maps", f"{split}: {what}") for split, what in maps.items()] or [("maps", "none")]
    rows += [("warning", line) for line in (*notes, *_odd(pictures, classes))] or [("warnings", "none")]
    shown = [
        name if name != before else "" for (name, _), before in zip(rows, ("", *(n for n, _ in rows)), strict=False)
    ]
    return [f"{name:<10}{text}" for name, (_, text) in zip(shown, rows, strict=True)]


def _pictures(listed: Sequence[Picture]) -> str:
    kinds = Counter(p.kind for p in listed)
    sizes = [sorted(sides) for sides in ([p.width for p in listed], [p.height for p in listed])]
    spread = " × ".join(str(s[0]) if s[0] == s[-1] else f"{s[0]}–{s[-1]}" for s in sizes)
    return f"{len(listed)} ({kinds['simple']} simple, {kinds['complex']} complex), {spread} px"


def _counts(pictures: Splits) -> dict[str, Counter[int]]:
    return {split: Counter(c for p in listed for c in p.classes) for split, listed in pictures.items()}


def _classes(pictures: Splits, classes: Sequence[str]) -> list[str]:
    """A line a class: its index in masks, its name, and the pictures that have it."""
    counts, width = _counts(pictures), max(map(len, classes))
    lines = [f"{0:>3} {classes[0]}"]
    for c, name in enumerate(classes[1:], 1):
        lines.append(f"{c:>3} {name:<{width}}" + "".join(f"  {n[c]:>6} {split}" for split, n in counts.items()))
    return lines


def _odd(pictures: Splits, classes: Sequence[str]) -> list[str]:
    counts, lines = _counts(pictures), []
    for split, found in counts.items():
        if absent := [name for c, name in enumerate(classes[1:], 1) if not found[c]]:
            lines.append(f"no picture of split '{split}' has the class {', '.join(absent)}")
    for split, listed in pictures.items():
        kinds = Counter(p.kind for p in listed)
        lines += [f"no picture of split '{split}' is {kind}" for kind in ("simple", "complex") if not kinds[kind]]
    return lines
