"""What befalls runs: kills, full and read-only disks; and what a run has made, for comparison."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml
from checkouts import TINY, Checkout

# Times, versions, and what is drawn from them; all else is the result.
NO_RESULTS = ("logs", "benchmarks", "report.html", "tables/runtime.", "tables/provenance.")


def results_of(checkout: Checkout) -> dict[str, bytes]:
    """Path → contents of every artifact of a finished run, and of everything else that was left there."""
    found = {f.relative_to(checkout.results).as_posix(): f for f in checkout.results.rglob("*") if f.is_file()}
    return {
        name: file.read_bytes()
        for name, file in found.items()
        if not name.startswith(NO_RESULTS) and file.name not in ("provenance.json", ".snakemake_timestamp")
    }


def differences(checkout: Checkout, expected: dict[str, bytes]) -> list[str]:
    """The artifacts that are missing, additional or different."""
    found = results_of(checkout)
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def saves_every_step(checkout: Checkout) -> Checkout:
    """The same run with a state to go on from after every training step."""
    (checkout.folder / "config/often.yaml").write_text(yaml.safe_dump({"resuming": {"save_minutes": 0}}))
    return checkout.with_config(TINY, "config/often.yaml")


@contextmanager
def started(checkout: Checkout, *arguments: str) -> Iterator[tuple[subprocess.Popen, Path]]:
    """Snakemake in a process group of its own, and the file with what it prints; all of it is killed in the end."""
    output = checkout.folder / "output.txt"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--configfile", *checkout.config]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with open(output, "w") as stream:
        process = subprocess.Popen(
            command, cwd=checkout.folder, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        yield process, output
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(lambda: not processes_in(checkout.folder), 60, "its jobs outlive Snakemake's process group")


def processes_in(folder: Path) -> list[int]:
    """The processes whose working folder is ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is not ours to look at
            if (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
    return found


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Returns when ``condition()`` is true; fails the test with ``what`` after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.05)


def unlock(checkout: Checkout) -> None:
    """What Snakemake says to do about the lock of a run that was killed."""
    assert "Unlocked" in checkout.snakemake("--unlock").stdout


class SmallDisk:
    """A tmpfs that takes the place of a folder, with what is in it and ``spare`` bytes more."""

    def __init__(self, folder: Path, spare: int):
        self.folder = folder
        size = spare + sum(4096 + f.stat().st_size for f in folder.rglob("*"))
        kept = folder.with_name(f"{folder.name}_before")
        folder.rename(kept)
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
        subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)

    def leave_free(self, size: int) -> None:
        """Fills the disk but for ``size`` bytes."""
        filler = self.folder / "filler"
        with open(filler, "wb", buffering=0) as stream, suppress(OSError):
            while True:
                stream.write(bytes(4096))
        os.truncate(filler, max(0, filler.stat().st_size - size))

    def make_room(self) -> None:
        (self.folder / "filler").unlink()


@contextmanager
def mounts_below(folder: Path) -> Iterator[None]:
    """Skips the test where one cannot mount; unmounts what it has mounted below ``folder``."""
    trial = folder / "trial"
    trial.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(trial)], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mount.stderr.strip()}")
    try:
        yield
    finally:
        places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in [p for p in reversed(places) if Path(p).is_relative_to(folder.resolve())]:
            subprocess.run(["umount", "--lazy", place], check=True)
