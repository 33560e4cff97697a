"""The chain behind a number: all recorded steps from the data to an evaluation, with what each of them read."""

import hashlib
import html
import json
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from wsss.artifacts import ArtifactError, sha256
from wsss.pages import section

Number = tuple[str, int, str]  # row of the table, seed, path of metrics.json
NOTE = (
    "Open a number to see its chain: every step from the data to the evaluation, in the order in which they built on "
    "each other. Time is the sum over the steps, in seconds."
)
CHAIN_NOTE = (
    "Sources is a checksum over all source files that a step depends on, code the commit they were in. Read lists what "
    "else it read, with the start of each file's sha256 at that time; images.csv and "
    "saliency.csv hold the checksums of all pictures and saliency maps, manifest.csv those of a folder."
)


class Records:
    """The ``provenance.json`` of every artifact under ``results`` and ``data``.

    ``data``: the folder of what all results of a data set share, in ``results`` or elsewhere; ``baseline``: dotted
    setting → value.
    """

    def __init__(self, results: Path, baseline: dict[str, Any], data: Path):
        self.results, self.baseline, self.data = Path(results), baseline, Path(data)
        self._digests: dict[str, str] = {}

    @cached_property
    def all(self) -> dict[Path, dict]:
        """Folder → record."""
        files = sorted({*self.results.rglob("provenance.json"), *self.data.rglob("provenance.json")})
        return {f.parent: json.loads(f.read_text()) for f in files}

    def chain(self, folder: Path) -> list[Path]:
        """The folders of the steps behind the artifact in ``folder``, each after all that it was made from.

        Steps that made the data come first.  Raises ``ArtifactError`` if one has left no record.
        """
        steps = dict.fromkeys(f for f in self.all if f.is_relative_to(self.data))
        self._add(Path(folder), steps)
        return list(steps)

    def _add(self, folder: Path, steps: dict[Path, None]) -> None:
        if folder not in self.all:
            raise ArtifactError(f"{folder}/provenance.json is missing: delete {folder} and run the target again")
        for source in dict.fromkeys(Path(i).parent for i in self.all[folder]["inputs"]):
            upstream = source.is_relative_to(self.results) and not source.is_relative_to(self.data)
            if upstream and source not in (folder, *steps):
                self._add(source, steps)
        steps[folder] = None

    def table(self, steps: Iterable[Path]) -> pd.DataFrame:
        """One row a step: from which code, settings and inputs it was made, when, and how long it took."""
        return pd.DataFrame([self._row(step) for step in steps])

    def seconds(self, steps: Iterable[Path]) -> float:
        """Wall time (s) of the steps together."""
        return float(sum(self.all[step].get("wall_seconds") or 0 for step in steps))

    def made_with(self, steps: Iterable[Path]) -> list[str]:
        """Libraries and hardware, a sentence for each that differs from the others, naming its steps."""
        found: dict[str, list[str]] = {}
        for step in steps:
            record = self.all[step]
            versions = {"Python": record.get("python"), **record.get("libraries", {})}
            libraries = ", ".join(f"{k} {v}" for k, v in versions.items() if v)
            where = f"{libraries}; {_hardware(record.get('device', {}))}."
            found.setdefault(where, []).append(os.path.relpath(step, self.results))
        if len(found) == 1:
            return [f"All steps were made with {where}" for where in found]
        return [f"{', '.join(names)}: made with {where}" for where, names in found.items()]

    def _row(self, step: Path) -> dict[str, Any]:
        record = self.all[step]
        code, read = record.get("code", {}), record["inputs"]
        parameters = record.get("parameters", {}).items()
        changed = [f"{k} = {v}" for k, v in sorted(parameters) if k in self.baseline and v != self.baseline[k]]
        sources = sorted((k, v) for k, v in read.items() if k.endswith(".py"))
        others = {k: v for k, v in read.items() if not k.endswith(".py") and v != "folder"}
        return {
            "step": os.path.relpath(step, self.results),
            "code": (code.get("commit") or "unknown")[:10] + (" + edits" if code.get("dirty") else ""),
            "sources": hashlib.sha256(repr(sources).encode()).hexdigest()[:10],
            "seed": "–" if record.get("seed") is None else str(record["seed"]),
            "differs_from_baseline": ", ".join(changed) or "–",
            "read": ", ".join(f"{self._short(path)} {digest[:10]}" for path, digest in others.items()),
            "still_so": self._unchanged(others),
            "wall_seconds": record.get("wall_seconds"),
            "finished": (record.get("finished") or "")[:16].replace("T", " "),
        }

    def _short(self, path: str) -> str:
        return Path(path).relative_to(self.results).as_posix() if Path(path).is_relative_to(self.results) else path

    def _unchanged(self, read: dict[str, str]) -> str:
        """Whether what was read is still what it was; a chain whose links do not meet is no proof."""
        changed = [self._short(path) for path, digest in read.items() if self._digest(path) != digest]
        return "yes" if not changed else f"no: {', '.join(changed)}"

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = sha256(Path(path)) if Path(path).is_file() else "missing"
        return self._digests[path]


def chains_section(name: str, title: str, numbers: Sequence[Number], records: Records) -> str:
    """The numbers of the table or curve ``name`` as HTML, and behind each the chain of its steps, to be unfolded."""
    rows, chains = [], []
    for label, seed, file in numbers:
        steps = records.chain(Path(file).parent)
        scores = json.loads(Path(file).read_text())
        without, refined = (scores[mode]["miou"] for mode in ("raw", "crf"))
        without, refined = (float("nan") if v is None else 100 * v for v in (without, refined))
        row = {"label": label, "seed": seed, "miou": refined, "miou_without_crf": without, "steps": len(steps)}
        rows.append(row | {"wall_seconds": records.seconds(steps)})
        summary = html.escape(f"{label}, seed {seed}: mIoU {refined:.1f} %")
        made_with = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in records.made_with(steps))
        chains.append(f"<details><summary>{summary}</summary>{section(records.table(steps))}{made_with}</details>")
    parts = [f'<h2 id="{html.escape(name)}">{html.escape(title)}</h2>', f"<p>{html.escape(NOTE)}</p>"]
    parts += [section(pd.DataFrame(rows), file=f"{name}_numbers.csv"), f"<p>{html.escape(CHAIN_NOTE)}</p>", *chains]
    return "\n".join(parts)


def _hardware(device: dict[str, Any]) -> str:
    parts = [str(device.get("gpu") or device.get("processor")), f"math threads {device.get('math_threads', '?')}"]
    return ", ".join(parts + (["deterministic"] if device.get("deterministic") else []))
