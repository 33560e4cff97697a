"""Publishes finished targets with DVC, and restores them in a clone; ``make publish`` and ``make restore`` call it.

What the jobs behind the targets read and wrote goes to ``results/published/{dataset}``, which git keeps; what they
wrote goes to the DVC remote.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from dag import Dag, planned, set_times, unfinished
from dvc.repo import Repo
from snakemake.utils import update_config

from wsss.artifacts import written_aside
from wsss.config import ConfigError, load_config
from wsss.progress import Progress
from wsss.provenance import code_version
from wsss.published import describe, publish_numbers
from wsss.release import (
    Job,
    Release,
    ReleaseError,
    check_provenance,
    chosen,
    digest,
    fetching,
    read_release,
    sources,
    stale,
    write_release,
)
from wsss.remembering import remember

ROOT = Path(__file__).resolve().parents[1]


def publish(targets: Sequence[str], config: Sequence[str]) -> None:
    """Adds what the targets' jobs have made, pushes it, and writes what a clone needs to trust it."""
    if unfinished(targets, config):
        raise ReleaseError(f"{_call(targets, config)} has something to do: run it first, then publish")
    with planned(targets, config) as dag:
        dataset = dag.config.folder
        release = _finished(dag, targets, config)
        _require_committed(dag, release)
        folder = Path("results/published") / dataset
        _push(folder / "artifacts.dvc", release.files)
        write_release(folder / "release.json", release)
        publish_numbers([f for job in dag.jobs for f in job.outputs], Path("results") / dataset, folder)
        describe(Path.cwd(), dag.config, release.files)
    print(
        f"Published {len(release.jobs)} artifacts of {dataset}. For others to restore them, commit what tells of them:"
    )
    print(f"  git add {folder} dvc.yaml && git commit -m 'Publish {dataset}' && git push")


def _finished(dag: Dag, targets: Sequence[str], config: Sequence[str]) -> Release:
    """The release of all jobs of a finished plan; raises ``ReleaseError`` if they do not fit together."""
    digests: dict[str, str] = {}
    here, spans = cache(digest), {}
    for job in Progress("checksums")(dag.jobs, unit="artifacts"):
        record = dag.record(job)
        if record is None:
            raise ReleaseError(f"{job.artifact} was not made by Snakemake here: delete it and run the targets again")
        checksums, spans[job.artifact] = record
        large = {i: here(i) for i in job.inputs if i not in checksums and Path(i).is_file()}
        made = {output: here(output) for output in job.outputs}
        for path, value in {**checksums, **large, **made}.items():
            if value is not None and digests.setdefault(path, value) != value:
                raise ReleaseError(f"{job.artifact} was made from another {path}: delete it and run the targets again")
    for job in dag.jobs:
        for file in filter(os.path.isfile, job.outputs):
            if Path(file).name == "provenance.json":
                check_provenance(Path(file), job, digests)
    products = [f for job in dag.jobs for f in (*job.outputs, dag.benchmark(job)) if f and os.path.exists(f)]
    files = chosen(products, dag.config.release.leave_out, f"results/{dag.config.folder}")
    digests |= {file: here(file) for file in files}
    return Release(
        tuple(targets), tuple(config), code_version(Path.cwd()), tuple(dag.jobs), digests, tuple(files), spans
    )


def _require_committed(dag: Dag, release: Release) -> None:
    """A clone has what is committed: sources with other contents would make every artifact stale there."""
    made = {output for job in dag.jobs for output in job.outputs}
    sources = [path for path in release.digests if path not in made and not os.path.isabs(path)]
    inside = [path for path in (*sources, *release.config) if Path(path).resolve().is_relative_to(Path.cwd())]
    ignored = _git("check-ignore", "--", *inside).splitlines()
    changed = _git("status", "--porcelain", "--", *(p for p in inside if p not in ignored)).splitlines()
    if changed:
        raise ReleaseError(
            f"{changed[0][3:]} is not committed as it is: commit it, so that a clone has it, and publish then"
        )


def _push(pointers: Path, files: Sequence[str]) -> None:
    """Has DVC add ``files``, with their checksums in the one file ``pointers``, and push them."""
    before = pointers.read_text() if pointers.is_file() else None
    with written_aside(pointers) as aside:
        outs = "".join(f"- path: {json.dumps(file)}\n" for file in files)
        aside.write_text(f"wdir: {os.path.relpath('.', pointers.parent)}\nouts:\n{outs}")
    try:
        _dvc("commit", "--force", str(pointers))
        _dvc("push", str(pointers))
    except ReleaseError:
        pointers.unlink() if before is None else pointers.write_text(before)
        raise


def restore(targets: Sequence[str], config: Sequence[str]) -> None:
    """Pulls what is good under the current code and config; raises ``ReleaseError`` that names all that is not."""
    file = _release_file(config)
    release = read_release(file)
    targets = targets or release.targets
    _bring_sources(targets, config, release)
    with planned(targets, config) as dag:
        reasons = stale(dag.jobs, release, cache(digest))
        fetchable = fetching(dag.jobs, release)
        ours = [job for job in dag.jobs if job not in fetchable]
        good = [job for job in ours if job.artifact not in reasons]
        absent, complaint = _place(dag, good, release)
        for job in fetchable:
            dag.finish(job, {i: digest(i) for i in job.inputs if os.path.isfile(i)}, (0, 0))
    for artifact, why in reasons.items():
        print(f"stale: {artifact}: {'; '.join(why)}", file=sys.stderr)
    for artifact, why in absent.items() if not complaint else ():
        print(f"not restored: {artifact}: {why}", file=sys.stderr)
    print(f"Restored {len(good) - len(absent)} of {len(ours)} artifacts of {dag.config.folder}.")
    for output in [o for job in fetchable for o in job.outputs]:
        print(f"{output} is not here; Snakemake fetches it when something has to be made from it.")
    if absent:
        why = complaint or "listed above; publish them again, or make them anew"
        raise ReleaseError(f"{len(absent)} artifacts could not be had from the DVC remote ({why}); see docs/data.md")
    if reasons:
        raise ReleaseError(
            f"{len(reasons)} artifacts are stale (listed above): {_call(targets, config)} makes them anew"
        )
    if left := unfinished(targets, config):
        raise ReleaseError(f"{_call(targets, config)} still has something to do:\n{left}")


def _bring_sources(targets: Sequence[str], config: Sequence[str], release: Release) -> None:
    """Pulls data under DVC without which the jobs that read them could not be planned as they were."""
    absent = {path for path in sources(release) if not os.path.exists(path)}
    if not _pointers(absent):
        return
    with planned(targets, config) as dag:
        absent -= {output for job in fetching(dag.jobs, release) for output in job.outputs}
    for pointer in _pointers(absent):
        print(f"Pulling {pointer}, which the release was made from.", flush=True)
        try:
            _dvc("pull", pointer)
        except ReleaseError as error:
            raise ReleaseError(f"{pointer} could not be had from the DVC remote ({error}); see docs/data.md") from None


def _pointers(paths: Collection[str]) -> list[str]:
    """Those of ``data/*.dvc`` that stand for one of the paths, or for a folder around it."""
    tracked = sorted(Path("data").glob("*.dvc"))
    return [str(p) for p in tracked if any(Path(path).is_relative_to(p.with_suffix("")) for path in paths)]


def _place(dag: Dag, jobs: Sequence[Job], release: Release) -> tuple[dict[str, str], str]:
    """Pulls the jobs' files and records them as made.

    Returns artifact → what is wrong, for those whose files do not come as published, and what DVC complained of.
    """
    for job in jobs:
        other = [f for f in job.outputs if os.path.exists(f) and digest(f) != release.digests.get(f, digest(f))]
        if other and not dag.incomplete(job):
            raise ReleaseError(
                f"{other[0]} is here and is not the published one: move it away or delete it, then restore"
            )
        _remove(other)  # what an interrupted job or restore has left
    products = {job: [*job.outputs, *filter(None, [dag.benchmark(job)])] for job in jobs}
    missing = {job: [f for f in products[job] if f in release.files and not os.path.exists(f)] for job in jobs}
    for job in filter(missing.get, jobs):
        dag.begin(job)
    complaint = _pull([f for files in missing.values() for f in files])
    absent: dict[str, str] = {}
    for job in Progress("checksums")(jobs, unit="artifacts"):
        bad = [f for f in missing[job] if digest(f) != release.digests[f]]
        if bad:
            absent[job.artifact] = f"{bad[0]} is missing from the remote, or damaged there"
            _remove(missing[job])
            dag.forget(job)
    kept = [job for job in jobs if job.artifact not in absent]
    set_times([f for job in kept for f in products[job]])
    for job in kept:
        dag.finish(job, release.digests, release.spans[job.artifact])
    if any(Path(job.artifact).parent.name.startswith("seed-") for job in kept):  # named relative to the baseline
        remember(Path(dag.baseline["file"]), dag.baseline["values"])
    return absent, complaint


def _remove(paths: Sequence[str]) -> None:
    for path in paths:
        shutil.rmtree(path) if os.path.isdir(path) else Path(path).unlink(missing_ok=True)


def _pull(files: Sequence[str]) -> str:
    """Pulls files; returns why none has come, if none has.  Which of them have not is seen by their checksums."""
    try:
        _dvc("pull", *files) if files else None
    except ReleaseError as error:
        if not any(map(os.path.exists, files)):
            return str(error)
    return ""


def _answer() -> str:
    """What the remote answers to somebody who asks for an object that it has not: nothing but that, if it lets us in.

    DVC takes any answer for this one when it pulls, and so a password that a remote wants.
    """
    with Repo() as repo:
        try:
            objects = repo.cloud.get_remote_odb()
            objects.fs.fs.cat_file(objects.oid_to_path("0" * 32), start=0, end=1)
        except FileNotFoundError:
            return ""
        except Exception as error:  # of the library that the remote's kind needs
            return f"it answers {' '.join(str(error).split())}: give DVC user and password, or the right address"
    return ""


def _dvc(*arguments: str) -> None:
    """Runs DVC, with its progress if a person watches; raises ``ReleaseError`` with its sentence."""
    watched = sys.stderr.isatty()
    command = [sys.executable, "-m", "dvc", *arguments]
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=None if watched else subprocess.PIPE, text=True)
    if run.returncode:
        errors = [
            line.removeprefix("ERROR: ") for line in (run.stderr or "").splitlines() if line.startswith("ERROR: ")
        ]
        causes = [line for line in errors if "failed to transfer" in line]  # the last one only counts them
        what = [*causes[:1], *errors[-1:], "it failed, as it says above"][0]
        if "Checkout failed" in what or (watched and arguments[0] == "pull"):
            raise ReleaseError(_answer() or "it holds none of them")
        raise ReleaseError(f"dvc {arguments[0]}: {what}")


def _git(*arguments: str) -> str:
    """What git prints about the checkout; raises ``ReleaseError`` where there is none."""
    run = subprocess.run(["git", *arguments], capture_output=True, text=True)
    if run.returncode > 1:
        raise ReleaseError(f"git {arguments[0]}: {run.stderr.strip()}: publish from a git checkout")
    return run.stdout


def _release_file(config: Sequence[str]) -> Path:
    """Where the release of the configured results is described."""
    merged: dict[str, Any] = {}
    for file in ("config/config.yaml", *config):
        if not Path(file).is_file():
            raise ReleaseError(f"{file} does not exist: name a file of config/")
        content = yaml.safe_load(Path(file).read_text()) or {}
        if not isinstance(content, dict):
            raise ReleaseError(f"{file} is no mapping of settings: write `section: {{key: value}}`")
        update_config(merged, content)
    return Path("results/published") / load_config(merged).folder / "release.json"


def _call(targets: Sequence[str], config: Sequence[str]) -> str:
    """The command that makes the targets."""
    return "`" + " ".join(["snakemake", *targets, *(["--configfile", *config] if config else [])]) + "`"


def main() -> None:
    """Reads the command line; an expected mistake ends with its one sentence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["publish", "restore"])
    parser.add_argument("targets", nargs="*", help="as for Snakemake; restore: by default what was published")
    parser.add_argument("--configfile", nargs="+", default=[], help="overlays, as for Snakemake")
    options = parser.parse_args()
    if not Path("config/config.yaml").is_file():
        sys.exit(f"Error: releases are those of a checkout: type `cd {shlex.quote(str(ROOT))}` first")
    try:
        {"publish": publish, "restore": restore}[options.action](options.targets, options.configfile)
    except (ReleaseError, ConfigError, OSError, yaml.YAMLError) as error:
        sys.exit(f"Error: {' '.join(str(error).split()) if isinstance(error, yaml.YAMLError) else error}")


if __name__ == "__main__":
    main()
