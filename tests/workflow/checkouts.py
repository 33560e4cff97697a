"""Real Snakemake runs on a tiny data set, in copies of the repository."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = "config/tiny.yaml"
# What the session's one real run makes: the whole chain, the tables, the figures and the report.
TARGETS = ("nsrom_table3", "nsrom_figure4", "nsrom_figure5", "nsrom_figure6", "stage_quality", "runtime", "report")
IGNORED = shutil.ignore_patterns(".*", "results", "data", "__pycache__", "*.egg-info")


@dataclass(frozen=True)
class Job:
    """A job of a dry run."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    wildcards: str


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository, and the config that Snakemake is run with in it."""

    folder: Path
    config: tuple[str, ...] = (TINY,)

    @property
    def results(self) -> Path:
        """The tiny data set's results."""
        return self.folder / "results" / "tiny"

    def with_config(self, *files: str) -> "Checkout":
        """The same folder, with other overlays."""
        return replace(self, config=files)

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """Runs Snakemake here; ``stdout`` holds all that it printed.  Fails the test on an error if ``check``."""
        overlays = ("--configfile", *self.config) if self.config else ()
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, *overlays]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
        environment |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
        run = subprocess.run(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if check and run.returncode:
            pytest.fail(f"{' '.join(command)} failed in {self.folder}:\n{run.stdout}")
        return run

    def forget_baseline(self) -> None:
        """What somebody does who wants other settings to remake everything in its place."""
        (self.results / "baseline.json").write_text("{}")

    def dry_run(self, *arguments: str) -> dict[str, int]:
        """Rule → number of jobs that ``snakemake --dry-run`` would start."""
        return job_counts(self.snakemake("--dry-run", *arguments).stdout)

    def jobs(self, *arguments: str) -> list[Job]:
        """All jobs of the DAG behind targets, whether they have to run or not."""
        return parse_jobs(self.snakemake("--dry-run", "--forceall", *arguments).stdout)


def job_counts(text: str) -> dict[str, int]:
    """The table "Job stats" of a run's output, without its total; empty if there is nothing to do."""
    table = re.search(r"^Job stats:\n.*\n[- ]+\n((?:\S+ +\d+\n)*)", text, re.MULTILINE)
    if table is None:
        assert "Nothing to be done" in text, text
        return {}
    counts = {name: int(count) for name, count in (line.split() for line in table[1].splitlines())}
    assert counts.pop("total") == sum(counts.values())
    return counts


def parse_jobs(text: str) -> list[Job]:
    """The jobs that a dry run lists."""
    jobs = []
    for block in re.split(r"^(?:local)?rule (?=\w+:$)", text, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^    (input|output|wildcards): (.*)$", block, re.MULTILINE))
        inputs, outputs = (tuple(fields[k].split(", ")) if k in fields else () for k in ("input", "output"))
        jobs.append(Job(block.split(":", 1)[0], inputs, outputs, fields.get("wildcards", "")))
    return jobs


def reachable(job: Job, jobs: list[Job]) -> set[str]:
    """All files that ``job`` is made from, directly or not."""
    maker = {output: j for j in jobs for output in j.outputs}
    files: set[str] = set()
    pending = list(job.inputs)
    while pending:
        file = pending.pop()
        if file not in files:
            files.add(file)
            pending += maker[file].inputs if file in maker else ()
    return files


def copy_repository(folder: Path) -> None:
    """Copies what a commit of the working tree would hold; the whole folder, less what is generated, without git."""
    listing = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, text=True
    )
    if listing.returncode:
        shutil.copytree(REPOSITORY, folder, ignore=IGNORED, dirs_exist_ok=True)
        return
    for name in filter(None, listing.stdout.split("\0")):
        if (REPOSITORY / name).is_file():  # not what is deleted but still tracked
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
