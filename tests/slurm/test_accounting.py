"""A run whose jobs are watched through the accounting database."""

import shutil
import subprocess
from pathlib import Path

import pytest
from accounting import AccountedCluster
from cluster import wait_for
from runs import new_workplace

pytestmark = pytest.mark.slow

DATA_SET = "results/tiny/data/openmoji/classes.txt"
SACCT = Path(__file__).resolve().parents[2] / "profiles/slurm/bin/sacct"


def test_a_cancelled_job_is_made_again(accounted: AccountedCluster, tmp_path: Path):
    """SLURM's own words for its state are "CANCELLED by 0"; the executor would wait for such a job for ever."""
    workplace = new_workplace(accounted, tmp_path / "clone")
    with workplace.run(DATA_SET, status_command="sacct") as run:
        wait_for(lambda: [j for j in workplace.jobs().values() if j["JobState"] == "RUNNING"], "no job began")
        (first,) = workplace.jobs()
        accounted.run("scancel", str(first))
        run.ends_well(600)
    states = accounted.run("sacct", "--allocations", "--noheader", "--parsable2", "--format=JobID,State").split("\n")
    assert states[0] == f"{first}|CANCELLED by 0"
    assert {line.split("|")[1] for line in states[1:] if line} == {"COMPLETED"}
    assert (workplace.folder / DATA_SET).exists()


def test_without_accounting_there_is_no_sacct(tmp_path: Path):
    (tmp_path / "bash").symlink_to(shutil.which("bash"))
    run = subprocess.run([SACCT], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (127, "sacct: command not found\n")
