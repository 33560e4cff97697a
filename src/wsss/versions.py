"""Which versions of torch and of the code made the rows of a table, from the records of all their stages."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Versions:
    """What made one row: versions of torch, commits, and for each rule the checksums of its source files."""

    torch: set[str] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)
    code: dict[str, set[str]] = field(default_factory=dict)


def versions_of(records: Iterable[Path]) -> Versions:
    """From the ``provenance.json`` of a row's stages; one that is missing says nothing."""
    found = Versions()
    for file in dict.fromkeys(map(Path, records)):
        if not file.exists():
            continue
        record = json.loads(file.read_text())
        commit, edited = (record["code"][k] for k in ("commit", "dirty"))
        found.torch.add(str(record["libraries"]["torch"]))
        found.commits.add((commit or "unknown")[:10] + (" + edits" if edited else ""))
        sources = sorted((i, s) for i, s in record["inputs"].items() if i.endswith(".py"))
        digest = hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:8]
        found.code.setdefault(record["rule"], set()).add(digest)
    return found


def mixed(rows: Mapping[str, Versions]) -> str:
    """In which versions the rows of a table differ, in a sentence; "" if they were all made alike.

    ``rows``: label → versions.  Commits do not count: most change nothing that a row depends on.
    """
    torch = {label: ", ".join(sorted(v.torch)) for label, v in rows.items() if v.torch}
    parts = [f"torch {_by_value(torch)}"] if len(set(torch.values())) > 1 else []
    for rule in dict.fromkeys(rule for v in rows.values() for rule in v.code):
        if len(set().union(*(v.code.get(rule, set()) for v in rows.values()))) > 1:
            code = {label: ", ".join(sorted(v.code[rule])) for label, v in rows.items() if rule in v.code}
            parts.append(f"code of {rule} {_by_value(code)}")
    return f"Rows were made by different versions: {'; '.join(parts)}." if parts else ""


def _by_value(values: Mapping[str, str]) -> str:
    labels: dict[str, list[str]] = {}
    for label, value in values.items():
        labels.setdefault(value, []).append(label)
    return ", ".join(f"{value} ({'; '.join(having)})" for value, having in labels.items())
