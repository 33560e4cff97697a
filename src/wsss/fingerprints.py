"""What the result of a job depends on, as one checksum: equal fingerprints promise equal bytes."""

import json
import os
from collections.abc import Iterable
from hashlib import sha256 as digest_of
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wsss.artifacts import sha256

# Other versions of these compute other last bits.
LIBRARIES = ("torch", "torchvision", "numpy", "opencv-python-headless", "pydensecrf2", "onnxruntime", "Pillow")


def fingerprint(inputs: Iterable[str | Path], parameters: Any) -> str:
    """The sha256, hexadecimal, of the contents of ``inputs``, of ``parameters`` (JSON) and of the libraries' versions.

    ``inputs``: data and source files by their checksums.  Folders by names, sizes and times of what is in them: their
    contents are what a manifest among the inputs lists, or too much to read.
    """
    record = {
        "inputs": {str(i): _content(Path(i)) for i in inputs},
        "parameters": parameters,
        "libraries": {name: _version(name) for name in LIBRARIES},
    }
    return digest_of(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()


def _content(path: Path) -> Any:
    if not path.is_dir():
        return sha256(path)
    entries = sorted(os.scandir(path), key=lambda e: e.name)
    return [(e.name, e.stat().st_size, e.stat().st_mtime_ns) for e in entries if not e.name.startswith(".")]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
