"""The conditions of the rows of a table: as a table of their own, and as the sentence below it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from wsss.conditions import NAMES
from wsss.versions import Versions


def conditions_table(rows: Mapping[str, Mapping[str, str]], made: Mapping[str, Versions]) -> pd.DataFrame:
    """One row for each experiment: ``experiment``, ``label``, the keys of ``NAMES``, and what made it.

    ``rows``: experiment → its conditions, and its ``label``; ``made``: experiment → versions.
    """
    said = [{"experiment": e} | {k: row.get(k, "") for k in ("label", *NAMES)} for e, row in rows.items()]
    table = pd.DataFrame(said, columns=["experiment", "label", *NAMES])
    table["torch"] = [", ".join(sorted(made[e].torch)) for e in rows]
    table["commits"] = [", ".join(sorted(made[e].commits)) for e in rows]
    return table


def conditions_note(table: pd.DataFrame) -> str:
    """The conditions of ``conditions_table`` in a sentence; where rows differ, it says which have which."""
    parts = []
    for key, name in NAMES.items():
        having: dict[str, list[str]] = {}
        for label, value in zip(table["label"], table[key], strict=True):
            if value:
                having.setdefault(value, []).append(label)
        if len(having) == 1:
            parts.append(f"{name} {next(iter(having))}")
        elif having:
            parts.append(f"{name} " + ", ".join(f"{v} ({'; '.join(labels)})" for v, labels in having.items()))
    return f"Conditions, where they apply: {'; '.join(parts)}."


def pictures_scored(metrics: Iterable[Path | str]) -> str:
    """How many pictures evaluations cover; several numbers if they differ."""
    return ", ".join(dict.fromkeys(str(json.loads(Path(f).read_text())["images"]) for f in metrics))
