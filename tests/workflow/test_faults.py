"""Kills, full and read-only disks, two runs at once: a clear error or a recovery, and nothing finished is lost."""

import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from checkouts import TARGETS, Checkout, copy_repository
from faults import (
    SmallDisk,
    differences,
    mounts_below,
    processes_in,
    results_of,
    saves_every_step,
    started,
    unlock,
    wait_for,
)

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("WSSS_KILLS", "3"))
CLASSIFIER = "results/tiny/classifier/default/seed-0/model.safetensors"
LABELS = "results/tiny/initial_labels/default/seed-0/manifest.csv"
MIB = 2**20
SECONDS_TO_BEGIN = 8


@pytest.fixture(scope="module")
def undisturbed(tiny_run: Checkout) -> dict[str, bytes]:
    return results_of(tiny_run)


def seconds_of_work(checkout: Checkout) -> float:
    """The time that the jobs of a finished run took, one after the other."""
    files = checkout.results.glob("benchmarks/*/*.tsv")
    rows = [next(csv.DictReader(file.read_text().splitlines(), delimiter="\t")) for file in files]
    return sum(float(row["s"]) for row in rows)


def test_killed_at_random_instants_a_run_ends_as_an_undisturbed_one(
    tiny_run: Checkout, undisturbed: dict[str, bytes], tmp_path: Path
):
    """SIGKILL of Snakemake and all its jobs, ``WSSS_KILLS`` times, then the plain command."""
    copy_repository(tmp_path / "clone")
    run = saves_every_step(Checkout(tmp_path / "clone"))
    # On two cores; without what a job needs to begin, many kills would meet nothing but beginnings.
    rng, share = random.Random(0), seconds_of_work(tiny_run) / 2 / KILLS + SECONDS_TO_BEGIN
    record = []
    for number in range(KILLS):
        with started(run, *TARGETS) as (process, output):
            # One in five is killed at its very start, the others when there is something to lose.
            if number % 5 != 4:
                wait_for(lambda: "Job stats" in output.read_text() or process.poll() is not None, 600, "no job")
            time.sleep(rng.uniform(0, 2 * share))
            ended = process.poll()
            with suppress(ProcessLookupError):  # a run that ended before its instant came
                os.killpg(process.pid, signal.SIGKILL)
        text = output.read_text()
        finished, resumed = text.count("Finished jobid"), text.count("from the saved state")
        record.append(f"kill {number + 1}: {finished} jobs finished, {resumed} went on, exit {ended}")
        # A run that is through has no lock; one that was killed before it began has none, either.
        if list((run.folder / ".snakemake/locks").glob("*")):
            unlock(run)
    last = run.snakemake(*TARGETS)
    print("\n".join(record))
    assert differences(run, undisturbed) == []
    assert "Nothing to be done" in run.snakemake(*TARGETS).stdout
    assert last.returncode == 0


def test_a_training_that_gets_sigterm_saves_and_goes_on(tiny_copy: Checkout, undisturbed: dict[str, bytes]):
    run = saves_every_step(tiny_copy)
    shutil.rmtree((run.folder / CLASSIFIER).parent)
    log = run.results / "logs/train_classifier/default_seed-0.txt"
    log.unlink()
    with started(run, CLASSIFIER) as (process, output):
        wait_for(lambda: log.exists() and "state after step 1" in log.read_text(), 900, "the training did not start")
        os.killpg(process.pid, signal.SIGTERM)  # the job, and Snakemake, which waits for it
        assert process.wait(300) != 0
    assert "stopped by a signal after step" in output.read_text()
    took_a_thousand_seconds(run.results / "state/train_classifier/default_seed-0/training.state")
    assert "from the saved state" in run.snakemake(CLASSIFIER).stdout
    assert differences(run, undisturbed) == []
    assert json.loads((run.folder / CLASSIFIER).with_name("provenance.json").read_text())["wall_seconds"] > 1000


def took_a_thousand_seconds(state: Path) -> None:
    """Makes a saved state say that the training had taken so long."""
    line, _, body = state.read_bytes().partition(b"\n")[2].partition(b"\n")
    record = json.loads(line)
    assert 0 < record["seconds"] < 1000
    content = json.dumps(record | {"seconds": 1000}).encode() + b"\n" + body
    state.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def test_a_state_of_edited_code_is_not_used(tiny_copy: Checkout):
    run = saves_every_step(tiny_copy)
    shutil.rmtree((run.folder / CLASSIFIER).parent)
    log = run.results / "logs/train_classifier/default_seed-0.txt"
    log.unlink()
    with started(run, CLASSIFIER):
        wait_for(lambda: log.exists() and "state after step 2" in log.read_text(), 900, "the training did not start")
    unlock(run)
    with open(run.folder / "src/wsss/nsrom/network.py", "a") as stream:
        stream.write("\n# edited\n")
    text = run.snakemake(CLASSIFIER).stdout
    assert "of other inputs, parameters, code or another device: training starts anew" in text
    assert "from the saved state" not in text


def test_two_runs_at_once(tiny_copy: Checkout, undisturbed: dict[str, bytes]):
    shutil.rmtree((tiny_copy.folder / CLASSIFIER).parent)
    with started(tiny_copy, CLASSIFIER) as (process, output):
        wait_for(lambda: "rule train_classifier" in output.read_text(), 600, "the first run did not start")
        os.killpg(process.pid, signal.SIGSTOP)  # so that it does not end before the second has begun
        second = tiny_copy.snakemake(CLASSIFIER, check=False)
        os.killpg(process.pid, signal.SIGCONT)
        assert second.returncode != 0 and "Directory cannot be locked" in second.stdout
        assert process.wait(900) == 0
    assert differences(tiny_copy, undisturbed) == []


# --- disks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tiny_copy: Checkout, tmp_path: Path) -> Iterator[SmallDisk]:
    """The finished run, with its results on a disk with 200 MiB to spare."""
    with mounts_below(tmp_path):
        yield SmallDisk(tiny_copy.folder / "results", spare=200 * MIB)


def test_the_disk_is_full_while_a_training_runs(
    tiny_copy: Checkout, undisturbed: dict[str, bytes], small_disk: SmallDisk
):
    """First no state can be saved, which stops nothing, then no checkpoint, which does."""
    run = saves_every_step(tiny_copy)
    shutil.rmtree((run.folder / CLASSIFIER).parent)
    small_disk.leave_free(MIB)
    failed = run.snakemake(CLASSIFIER, check=False)
    assert failed.returncode != 0
    assert "could not be saved (No space left on device): training goes on without it" in failed.stdout
    assert "epoch 2/2" in failed.stdout
    assert "Error in train_classifier default 0: [Errno 28] No space left on device" in failed.stdout
    assert not (run.folder / CLASSIFIER).exists()
    small_disk.make_room()
    run.snakemake(CLASSIFIER)
    assert differences(run, undisturbed) == []


def test_the_disk_is_full_while_labels_are_written(
    tiny_copy: Checkout, undisturbed: dict[str, bytes], small_disk: SmallDisk
):
    shutil.rmtree((tiny_copy.folder / LABELS).parent)
    small_disk.leave_free(7 * 4096)
    failed = tiny_copy.snakemake(LABELS, check=False)
    assert failed.returncode != 0
    assert "Error in fuse_saliency default 0: [Errno 28] No space left on device" in failed.stdout
    assert not (tiny_copy.folder / LABELS).exists()
    small_disk.make_room()
    kept = {f.name: f.stat().st_mtime_ns for f in tiny_copy.results.glob("initial_labels/default/*/.labels*/*.png")}
    tiny_copy.snakemake(LABELS)
    assert differences(tiny_copy, undisturbed) == []
    labels = (tiny_copy.folder / LABELS).with_name("labels")
    assert all((labels / name).stat().st_mtime_ns == when for name, when in kept.items())


def test_results_that_cannot_be_written(tiny_copy: Checkout, undisturbed: dict[str, bytes], tmp_path: Path):
    shutil.rmtree((tiny_copy.folder / LABELS).parent)
    results = str(tiny_copy.folder / "results")
    with mounts_below(tmp_path):
        subprocess.run(["mount", "--bind", results, results], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        failed = tiny_copy.snakemake(LABELS, check=False)
        assert failed.returncode != 0 and "Read-only file system" in failed.stdout
    assert not processes_in(tiny_copy.folder)
    tiny_copy.snakemake(LABELS)
    assert differences(tiny_copy, undisturbed) == []
