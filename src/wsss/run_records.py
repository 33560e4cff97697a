"""What a run left behind about itself: time and memory of its jobs, and where its artifacts come from."""

import json
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd


def is_of(stem: str, names: Collection[str], seeds: Collection[int]) -> bool:
    """Whether a benchmark file called ``stem`` is of one of the variants (or experiments) ``names`` and of ``seeds``.

    Files are called ``{name}_seed-{seed}``, after a round or part where there is one; jobs without a seed count always.
    """
    match = re.fullmatch(r"(?:round[12]_|\d+-of-\d+_)?(.+)_seed-(\d+)", stem)
    return match is None or (match[1] in names and int(match[2]) in seeds)


def runtime_table(benchmarks: Path, names: Collection[str], seeds: Collection[int]) -> pd.DataFrame:
    """Jobs, wall time (s) and peak memory (MiB) of each rule, in the order in which the rules first finished.

    ``benchmarks``: a folder per rule of Snakemake's benchmark files, one per job.  Only jobs of the variants and
    experiments ``names`` and of ``seeds`` count: a folder also holds those of earlier configurations.  The last row is
    of all jobs.  Raises ``ValueError`` if no job has left a file.
    """
    files = sorted(Path(benchmarks).glob("*/*.tsv"), key=lambda f: (f.stat().st_mtime, f))
    current = [f for f in files if is_of(f.stem, names, seeds)]
    jobs = [pd.read_csv(f, sep="\t", na_values="-").assign(rule=f.parent.name) for f in current]
    if not jobs:
        raise ValueError(f"{benchmarks} holds no benchmark files: run a target first")
    every = pd.concat(jobs, ignore_index=True)
    for column in ("s", "max_rss"):
        every[column] = pd.to_numeric(every[column], errors="coerce")
    groups = every.groupby("rule", sort=False)
    table = pd.DataFrame(
        {
            "jobs": groups.size(),
            "mean_s": groups["s"].mean(),
            "total_s": groups["s"].sum(),
            "peak_memory_mib": groups["max_rss"].max(),
        }
    ).reset_index()
    table.loc[len(table)] = ["all", len(every), every["s"].mean(), every["s"].sum(), every["max_rss"].max()]
    return table


def provenance_table(results: Path, baseline: dict[str, Any], data: Path) -> pd.DataFrame:
    """Every artifact under ``results`` that has a ``provenance.json``: what made it, when, from which code.

    ``data``: the folder of what all results of a data set share, in ``results`` or elsewhere.  ``baseline``: settings,
    dotted key → value; only parameters that differ from it are listed.
    """
    rows, results = [], Path(results)
    for file in sorted({*results.rglob("provenance.json"), *Path(data).rglob("provenance.json")}):
        record = json.loads(file.read_text())
        code = record.get("code", {})
        changed = {k: v for k, v in record.get("parameters", {}).items() if k in baseline and v != baseline[k]}
        rows.append(
            {
                "artifact": os.path.relpath(file.parent, results),
                "rule": record.get("rule"),
                "code": (code.get("commit") or "unknown")[:10] + (" + edits" if code.get("dirty") else ""),
                "seed": "–" if record.get("seed") is None else str(record["seed"]),
                "differs_from_baseline": ", ".join(f"{k} = {v}" for k, v in sorted(changed.items())) or "–",
                "wall_seconds": record.get("wall_seconds"),
                "peak_memory_mib": record.get("peak_memory_mib"),
                "finished": (record.get("finished") or "")[:16].replace("T", " "),
            }
        )
    if not rows:
        raise ValueError(f"{results} holds no provenance.json: run a target first")
    return pd.DataFrame(rows)


def environment_table(results: Path) -> pd.DataFrame:
    """Versions of Python and libraries, and the hardware, as recorded; several values where artifacts differ."""
    found: dict[str, dict[str, None]] = {}
    for file in sorted(Path(results).rglob("provenance.json")):
        record = json.loads(file.read_text())
        values = {"python": record.get("python"), **record.get("libraries", {}), **record.get("device", {})}
        for key, value in values.items():
            found.setdefault(key, {})[str(value)] = None
    return pd.DataFrame([(k, ", ".join(v)) for k, v in found.items()], columns=["what", "recorded"])
