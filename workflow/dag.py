"""The jobs that Snakemake plans behind targets, and its records of them.

Snakemake has no public call for this; what is used of it beyond its API is in this file, and the version is locked.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.exceptions import LockException, MissingInputException, WorkflowError
from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

from wsss.config import Config
from wsss.release import Job, ReleaseError


class Dag:
    """All jobs behind some targets that write something, finished or not, each after those that it depends on."""

    def __init__(self, workflow):
        self._persistence = workflow.persistence
        levels = list(workflow.dag.toposorted())
        jobs = [job for level in levels for job in sorted(level, key=str) if job.output]
        self._jobs = {self._described(job): job for job in jobs}
        self.jobs = list(self._jobs)
        self.config: Config = workflow.globals["CONFIG"]
        self.baseline: dict[str, Any] = workflow.globals["config"]["baseline"]

    def _described(self, job) -> Job:
        inputs, params = self._persistence._input(job), self._persistence._params(job)
        return Job(job.rule.name, tuple(map(str, inputs)), tuple(params), tuple(map(str, job.output)))

    def benchmark(self, job: Job) -> str | None:
        """The file that tells how long the job took; a product for Snakemake, like an output."""
        return str(self._jobs[job].benchmark) if self._jobs[job].benchmark else None

    def record(self, job: Job) -> tuple[dict[str, str], tuple[float, float]] | None:
        """Checksums of the files that the finished job read, its start and its end; None without a record."""
        records = [self._persistence.metadata(output) for output in self._jobs[job].output]
        if not all(records):
            return None
        checksums = {path: value.removeprefix("sha256:") for r in records for path, value in r.input_checksums.items()}
        return checksums, (records[0].starttime, records[0].endtime)

    def begin(self, job: Job) -> None:
        """Marks the outputs as incomplete: should this process die now, Snakemake makes them again."""
        self._persistence.started(self._jobs[job])

    def incomplete(self, job: Job) -> bool:
        """Whether the outputs are marked so, by a job that was stopped or by ``begin``."""
        return bool(self._persistence._filter_incomplete_keys(map(str, self._jobs[job].output)))

    def finish(self, job: Job, checksums: dict[str, str], span: tuple[float, float]) -> None:
        """Records the outputs as made by this job from inputs with these checksums."""
        planned, keep = self._jobs[job], self._persistence
        record = MetadataRecord(
            rule=job.rule, input=list(job.inputs), params=list(job.params), log=keep._log(planned), code=None,
            shellcmd=planned.shellcmd, software_stack_hash=keep._software_stack_hash(planned), job_hash=hash(planned),
            starttime=span[0], endtime=span[1], incomplete=False, record_format_version=RECORD_FORMAT_VERSION,
            input_checksums={path: f"sha256:{checksums[path]}" for path in job.inputs if path in checksums},
        )  # fmt: skip
        for output in planned.output:
            keep._write_record(str(output), record)
            keep._unmark_incomplete(str(output))

    def forget(self, job: Job) -> None:
        """Drops the records of outputs that are not there."""
        for output in self._jobs[job].output:
            self._persistence.cleanup_metadata(output)


@contextmanager
def planned(targets: Sequence[str], config: Sequence[str]) -> Iterator[Dag]:
    """Yields what Snakemake plans for ``targets`` under these overlays, while no other run can start here."""
    settings = OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)
    try:
        with SnakemakeApi(settings) as api:
            overlays = ConfigSettings(configfiles=[Path(file) for file in config])
            flow = api.workflow(resource_settings=ResourceSettings(cores=1), config_settings=overlays)
            workflow = flow.dag(DAGSettings(targets=frozenset(targets))) and flow._workflow
            workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=False)
            workflow._build_dag()
            with workflow.persistence.lock():
                yield Dag(workflow)
    except LockException:
        raise ReleaseError(
            "Snakemake is running in this folder: wait for its end, or see `snakemake --unlock`"
        ) from None
    except MissingInputException as error:
        raise ReleaseError(f"{' '.join(str(error).split())}: bring the data first, see docs/data.md") from None
    except WorkflowError as error:
        raise ReleaseError(" ".join(str(error).split())) from None


def unfinished(targets: Sequence[str], config: Sequence[str]) -> str:
    """What ``snakemake --dry-run`` would do, nothing if nothing; raises ``ReleaseError`` with its words if it fails."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", *targets]
    command += ["--configfile", *config] if config else []
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        raise ReleaseError(" ".join(run.stdout.split("Error", 1)[-1].lstrip(":").split()))
    return "" if "Nothing to be done" in run.stdout else run.stdout


def set_times(paths: Sequence[str]) -> None:
    """Gives all files and folders one time, now: to Snakemake none is newer than another, nor any source than them."""
    now = time.time()
    for path in paths:
        stamp = Path(path) / ".snakemake_timestamp"
        for file in (path, stamp):
            if os.path.exists(file):
                os.utime(file, (now, now))
