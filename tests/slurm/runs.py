"""Snakemake runs with the SLURM profile, in copies of the repository."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from checkouts import TINY, copy_repository
from cluster import GPU_MODEL, Cluster

# Two rows use every rule; the classifier trains long enough to be disturbed meanwhile, with a state to go on from.
OVERLAY = {
    "tables": {"nsrom_table3": {"rows": ["fully_supervised", "nsrom"]}},
    "classifier": {"epochs": 12},
    "resuming": {"save_minutes": 0},
}
# What a user fills in.
FILLED_IN = {"partition": "cpu", "gpu_partition": "gpu", "gpu_model": GPU_MODEL}
POLL_AFTER_S = 12


@dataclass(frozen=True)
class Run:
    """Snakemake at work; all that it prints is in ``output``."""

    process: subprocess.Popen
    output: Path

    def ends_well(self, seconds: float = 3600) -> str:
        """Waits for the end, fails the test if it is a bad one, and returns what was printed."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = f"after {seconds:.0f} s"
        text = self.output.read_text()
        if code:
            pytest.fail(f"the run ended with {code}:\n{text}")
        return text


@dataclass(frozen=True)
class Workplace:
    """A copy of the repository whose jobs go to a cluster."""

    cluster: Cluster
    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results" / "tiny"

    @contextmanager
    def run(self, *targets: str, status_command: str = "squeue") -> Iterator[Run]:
        """What a cluster's user types, for a tiny data set on a tiny cluster; killed if it is left running."""
        command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", *targets]
        command += ["--configfile", TINY, "config/slurm_test.yaml", "--jobs", "3", "--latency-wait", "10"]
        command += ["--slurm-init-seconds-before-status-checks", str(POLL_AFTER_S)]
        command += ["--slurm-status-command", status_command]
        environment = {
            k: v for k, v in self.cluster.environment.items() if not k.startswith(("SNAKEMAKE_", "PYTHONPATH"))
        }
        environment |= {"OMP_NUM_THREADS": "1"}
        output = self.folder / "run.txt"
        with open(output, "w") as stream:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=stream, stderr=stream)
        try:
            yield Run(process, output)
        finally:
            process.kill()
            process.wait()

    def jobs(self) -> dict[int, dict[str, str]]:
        """The cluster's jobs that were submitted from here."""
        return {i: job for i, job in self.cluster.jobs().items() if job["WorkDir"] == str(self.folder)}

    def with_only_the_data(self, folder: Path) -> "Workplace":
        """A copy without anything that was made from the data set."""
        subprocess.run(["cp", "-a", str(self.folder), str(folder)], check=True)
        copy = Workplace(self.cluster, folder)
        for path in copy.results.iterdir():
            if path.name != "data":
                shutil.rmtree(path) if path.is_dir() else path.unlink()  # the remembered baseline is a file
        return copy


def new_workplace(cluster: Cluster, folder: Path) -> Workplace:
    """A copy of the repository, with the cluster's names filled in where the profile says."""
    copy_repository(folder)
    (folder / "config/slurm_test.yaml").write_text(yaml.safe_dump(OVERLAY))
    profile = folder / "profiles/slurm/config.yaml"
    text = profile.read_text()
    for key, value in FILLED_IN.items():
        assert text.count(f"\n  {key}: null") == 1
        text = text.replace(f"\n  {key}: null", f"\n  {key}: {value}")
    profile.write_text(text)
    return Workplace(cluster, folder)
