"""Releases: what finished jobs read, with which parameters, and what they wrote, so that a clone can trust their files.

A release is compared with the jobs that the current code and config plan.  A file that a job reads is either made by
another job of the plan, whose release has to be good itself, or it lies here, and its checksum has to be the one that
was read.  What lay there when it was published and a rule would fetch here (weights, archives) is not needed.  Nothing
is concluded from times.
"""

import ast
import fnmatch
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wsss.artifacts import sha256, written_aside


class ReleaseError(ValueError):
    """A release that cannot be made or restored, in one sentence."""


@dataclass(frozen=True)
class Job:
    """One job, planned or finished."""

    rule: str
    inputs: tuple[str, ...]  # paths, sorted
    params: tuple[str, ...]  # the representation of every value, sorted
    outputs: tuple[str, ...]  # paths; the first one names the job

    @property
    def artifact(self) -> str:
        """What messages call it."""
        return self.outputs[0]


@dataclass(frozen=True)
class Release:
    """Finished jobs and the checksums of all that they read and wrote."""

    targets: tuple[str, ...]
    config: tuple[str, ...]
    code: dict[str, Any]  # commit, dirty
    jobs: tuple[Job, ...]
    digests: dict[str, str]  # path → ``digest``; absent for folders that are read and for what no longer exists
    files: tuple[str, ...]  # the outputs and benchmarks that the remote keeps
    spans: dict[str, tuple[float, float]]  # artifact → start and end of its job, seconds since 1970


def digest(path: Path) -> str | None:
    """The checksum of a file, or of all names and contents in a folder; None if there is neither."""
    path = Path(path)
    if path.is_file():
        return sha256(path)
    if not path.is_dir():
        return None
    listing = hashlib.sha256()
    for file in sorted(f for f in path.rglob("*") if f.is_file() and f.name != ".snakemake_timestamp"):
        listing.update(f"{sha256(file)}  {file.relative_to(path).as_posix()}\n".encode())
    return listing.hexdigest()


def write_release(path: Path, release: Release) -> None:
    """Writes a release as JSON, one line a value, so that git shows what changed."""
    with written_aside(Path(path)) as aside:
        aside.write_text(json.dumps(asdict(release), indent=1, sort_keys=True) + "\n")


def read_release(path: Path) -> Release:
    """Reads what ``write_release`` wrote.  Raises ``ReleaseError`` if it is missing or damaged."""
    if not Path(path).is_file():
        raise ReleaseError(
            f"{path} does not exist: no artifact of this data set has been published; `make publish` does that"
        )
    try:
        raw = json.loads(Path(path).read_text())
        jobs = tuple(Job(j["rule"], *(tuple(j[k]) for k in ("inputs", "params", "outputs"))) for j in raw.pop("jobs"))
        lists = {k: tuple(raw.pop(k)) for k in ("targets", "config", "files")}
        spans = {k: tuple(v) for k, v in raw.pop("spans").items()}
        return Release(jobs=jobs, spans=spans, **lists, **raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseError(f"{path} is not a release ({error}): take it from git again") from None


def chosen(files: Iterable[str], leave_out: Sequence[str], root: str) -> list[str]:
    """Those of ``files`` in the folder ``root`` that no pattern of ``leave_out`` matches and that lie in no other."""
    inside = sorted(f for f in files if f.startswith(f"{root}/"))
    kept = [f for f in inside if not any(fnmatch.fnmatch(f, f"{root}/{pattern}") for pattern in leave_out)]
    folders = set(kept)
    return [f for f in kept if not any(parent.as_posix() in folders for parent in Path(f).parents)]


def sources(release: Release) -> set[str]:
    """What the release's jobs read and none of them made: code, data, weights."""
    return {i for job in release.jobs for i in job.inputs} - {o for job in release.jobs for o in job.outputs}


def fetching(planned: Sequence[Job], release: Release) -> list[Job]:
    """The planned jobs that would fetch what merely lay there when the release was published."""
    leaves = sources(release)
    return [job for job in planned if leaves.issuperset(job.outputs)]


def stale(planned: Sequence[Job], release: Release, current: Callable[[str], str | None]) -> dict[str, list[str]]:
    """Artifact → why it is not what its planned job would make; what is not listed is good.

    ``current``: the digest of a path here, asked of those files only that no planned job makes.
    """
    fetched = {job.outputs for job in fetching(planned, release)}
    planned = [job for job in planned if job.outputs not in fetched]
    made = {job.outputs: job for job in release.jobs}
    maker = {output: job for job in planned for output in job.outputs}
    awaited = {output for outputs in fetched for output in outputs}
    found: dict[str, list[str]] = {}

    def judge(job: Job) -> list[str]:
        if job.artifact not in found:
            before = made.get(job.outputs)
            found[job.artifact] = ["the release does not hold it"] if before is None else changes(job, before)
        return found[job.artifact]

    def changes(job: Job, before: Job) -> list[str]:
        reasons = [] if job.rule == before.rule else [f"it was made by rule {before.rule}, now {job.rule} makes it"]
        reasons += [f"it was made without {i}, which is now read" for i in job.inputs if i not in before.inputs]
        for path in [i for i in before.inputs if i not in job.inputs]:
            lost = path not in maker and current(path) is None
            reasons.append(
                f"{path} is not here" if lost else f"it was made from {path} as well, which is no longer read"
            )
        reasons += changed_params(before.params, job.params)
        for path in [i for i in job.inputs if i in before.inputs]:
            if path in maker:
                reasons += [f"it was made from {maker[path].artifact}, which is stale"] if judge(maker[path]) else []
            elif path in release.digests:
                now = current(path)
                if now != release.digests[path] and not (now is None and path in awaited):
                    reasons.append(f"{path} has changed since" if now else f"{path} is not here")
        return list(dict.fromkeys(reasons))

    for job in planned:
        judge(job)
    return {artifact: reasons for artifact, reasons in found.items() if reasons}


def changed_params(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """What differs between two lists of represented values; of mappings, only the keys that differ."""
    gone, come = ([p for p in a if p not in b] for a, b in ((before, now), (now, before)))
    old, new = _settings(gone), _settings(come)
    keys = [k for k in sorted({*old, *new}) if old.get(k, _ABSENT) != new.get(k, _ABSENT)]
    reasons = [f"{k} was {_short(old.get(k, _ABSENT))}, now {_short(new.get(k, _ABSENT))}" for k in keys]
    if not reasons and (gone or come):
        reasons = [f"a parameter was {_short(', '.join(gone))}, now {_short(', '.join(come))}"]
    return reasons


def check_provenance(file: Path, job: Job, digests: dict[str, str]) -> None:
    """Raises ``ReleaseError`` if ``provenance.json`` tells of other inputs than the job's record does."""
    record = json.loads(Path(file).read_text())
    other = [i for i, value in record["inputs"].items() if value != "folder" and digests.get(i, value) != value]
    if other or record["rule"] != job.rule or set(record["inputs"]) != set(job.inputs):
        what = f"other inputs (first: {other[0]})" if other else "another job"
        raise ReleaseError(f"{file} tells of {what} than Snakemake's record: delete it and run the target again")


class _Absent:
    def __repr__(self) -> str:
        return "not set"


_ABSENT = _Absent()


def _settings(params: Iterable[str]) -> dict[str, Any]:
    """The mappings among represented values, as one, with dotted keys."""
    merged: dict[str, Any] = {}
    for text in params:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            continue
        if isinstance(value, dict):
            merged |= _dotted(value)
    return merged


def _dotted(mapping: dict, prefix: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in mapping.items():
        flat |= _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
