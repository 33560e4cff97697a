"""Runs on a real SLURM: what each rule asks for, and jobs that do not live to their end."""

import csv
import hashlib
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from cluster import CPUS, GPU_MODEL, wait_for, why_not
from runs import Workplace

pytestmark = pytest.mark.slow

ONE_GPU = f"gres:gpu:{GPU_MODEL}:1"
TRAINING = ("4", "4000M", "1-00:00:00", ONE_GPU, "gpu")
INFERENCE = ("4", "3000M", "08:00:00", ONE_GPU, "gpu")
DATA = ("8", "1000M", "01:00:00", None, "cpu")
# Job's comment → CPU cores, memory, time limit, GPUs, partition.  What draws and tabulates is no job.
REQUESTS = {
    "rule_build_openmoji": ("8", "2000M", "01:00:00", None, "cpu"),
    "rule_check_images": DATA,
    "rule_check_masks": DATA,
    "rule_check_saliency": DATA,
    "rule_train_classifier": TRAINING,
    "rule_train_integral": TRAINING,
    "rule_train_segmentation": TRAINING,
    "rule_train_fully_supervised": TRAINING,
    "rule_export_cams": INFERENCE,
    "rule_export_integral_cams": INFERENCE,
    "rule_predict_training_images": INFERENCE,
    "rule_evaluate": INFERENCE,
    "rule_labels_fuse_saliency_mine_potential_objects": ("8", "1000M", "04:00:00", None, "cpu"),  # one after the other
    "rule_mask_nonsalient_region": ("8", "1000M", "02:00:00", None, "cpu"),
}
CLASSIFIER = "results/tiny/classifier/default/seed-0/model.safetensors"


def rule(job: dict[str, str]) -> str:
    return job["Comment"].split("_wildcards_")[0]


def requests(job: dict[str, str]) -> tuple[str | None, ...]:
    return (*(job[k] for k in ("NumCPUs", "MinMemoryNode", "TimeLimit")), job.get("TresPerJob"), job["Partition"])


def test_a_table_from_sbatch_to_table(table_run: Workplace):
    with open(table_run.results / "tables/nsrom_table3.csv") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["experiment"] for row in rows] == ["fully_supervised", "nsrom"]
    assert all(0 < float(row["miou"]) < 100 for row in rows)
    assert {job["JobState"] for job in table_run.jobs().values()} == {"COMPLETED"}


def test_every_rule_asks_for_what_it_needs(table_run: Workplace):
    asked = defaultdict(set)
    for job in table_run.jobs().values():
        asked[rule(job)].add(requests(job))
    assert asked == {name: {request} for name, request in REQUESTS.items()}


def test_jobs_use_the_environment_that_snakemake_runs_in(table_run: Workplace):
    for job in table_run.jobs():
        command = table_run.cluster.script(job).splitlines()[-1]
        assert command.startswith(f"{sys.executable} -m snakemake ")
        assert "--deployment-method" not in command


# --- jobs that do not live to their end -----------------------------------------------------------------------------


def fingerprints(workplace: Workplace) -> dict[str, str]:
    """What a training of the classifier made: file → checksum."""
    folder = (workplace.folder / CLASSIFIER).parent
    files = [folder / "model.safetensors", folder / "manifest.csv", folder / "history.csv"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def log_of(workplace: Workplace) -> Path:
    return workplace.results / "logs/train_classifier/default_seed-0.txt"


def wait_until_it_trains(workplace: Workplace) -> int:
    """Returns the id of the only job when it has trained for an epoch, or the rest of one."""
    log = log_of(workplace)
    log.unlink(missing_ok=True)
    wait_for(lambda: log.exists() and re.search(r"epoch \d+/12", log.read_text()), "the training did not start", 900)
    return max(workplace.jobs())


def went_on(workplace: Workplace) -> bool:
    """Whether the last attempt began where the one before it had been interrupted."""
    return bool(re.search(r"goes on after step [1-9]\d*, from the saved state", log_of(workplace).read_text()))


def test_a_cancelled_training_goes_on(untrained: Workplace, table_run: Workplace):
    with untrained.run(CLASSIFIER) as run:
        first = wait_until_it_trains(untrained)
        untrained.cluster.run("scancel", str(first))
        run.ends_well()
    second = max(untrained.jobs())
    assert {i: job["JobState"] for i, job in untrained.jobs().items()} == {first: "CANCELLED", second: "COMPLETED"}
    assert untrained.jobs()[second]["MinMemoryNode"] == "8000M"  # more with each attempt
    assert went_on(untrained)
    assert fingerprints(untrained) == fingerprints(table_run)


def test_a_training_that_is_warned_of_its_time_limit_saves_its_state_and_goes_on(
    untrained: Workplace, table_run: Workplace
):
    """The profile asks for this signal 120 s before the limit."""
    with untrained.run(CLASSIFIER) as run:
        first = wait_until_it_trains(untrained)
        untrained.cluster.run("scancel", "--signal=URG", str(first))
        wait_for(lambda: untrained.jobs()[first]["JobState"] == "FAILED", "the signal was not heard")
        assert "stopped by a signal after step" in log_of(untrained).read_text()
        run.ends_well()
    assert untrained.jobs()[max(untrained.jobs())]["JobState"] == "COMPLETED"
    assert went_on(untrained)
    assert fingerprints(untrained) == fingerprints(table_run)


def test_a_training_is_preempted_and_then_loses_its_node(untrained: Workplace, table_run: Workplace):
    cluster = untrained.cluster
    with untrained.run(CLASSIFIER) as run:
        job = wait_until_it_trains(untrained)
        cluster.run("sbatch", "--partition=urgent", f"--cpus-per-task={CPUS}", "--output=/dev/null", "--wrap=sleep 1")
        wait_for(lambda: untrained.jobs()[job]["Restarts"] == "1", "the job was not preempted")
        assert wait_until_it_trains(untrained) == job
        cluster.restart_node()
        wait_for(lambda: untrained.jobs()[job]["Restarts"] == "2", "the loss was not noticed")
        run.ends_well()
    assert went_on(untrained)
    assert {i: j["JobState"] for i, j in untrained.jobs().items()} == {job: "COMPLETED"}
    assert fingerprints(untrained) == fingerprints(table_run)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert why_not() == "munged, slurmctld, slurmd, sbatch not installed: apt-get install slurm-wlm munge"
