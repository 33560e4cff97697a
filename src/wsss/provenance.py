"""What made an artifact: code version, inputs, parameters, seed, library versions, hardware, time and memory."""

import json
import os
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wsss.arithmetic import deterministic, math_threads
from wsss.artifacts import sha256, written_aside

LIBRARIES = ("torch", "torchvision", "numpy", "opencv-python-headless", "pydensecrf2", "snakemake", "wsss")


def code_version(root: Path) -> dict[str, Any]:
    """Commit and whether tracked files differ from it; ``None`` outside a git checkout."""

    def git(*arguments: str) -> str | None:
        run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
        return run.stdout.strip() if run.returncode == 0 else None

    status = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def write_provenance(
    path: Path,
    *,
    rule: str,
    inputs: list[str],
    parameters: dict,
    seed: int | None,
    seconds: float,
    threads: int,
    root: Path,
) -> None:
    """Writes ``provenance.json``.  Inputs that are files get a checksum; folders are covered by their manifests."""
    record = {
        "rule": rule,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_version(root),
        "inputs": {i: sha256(Path(i)) if Path(i).is_file() else "folder" for i in inputs},
        "parameters": parameters,
        "seed": seed,
        "libraries": {name: _version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "device": {**_hardware(), "threads": threads, "math_threads": math_threads(), "deterministic": deterministic()},
        "wall_seconds": round(seconds, 2),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    with written_aside(path) as aside:
        aside.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def _hardware() -> dict[str, Any]:
    """The processor by name, since its instructions decide the last bits, and the GPU where torch computes on one."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not on Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    torch = sys.modules.get("torch")  # a job that has not imported it computes without
    gpu = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None
    return {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count(), "gpu": gpu}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
