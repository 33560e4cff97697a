"""What a job leaves in its results folder for later runs: the baseline that names there are relative to."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4


def remember(file: Path, values: dict[str, Any]) -> None:
    """Writes ``values`` as JSON; of a file that is there what it says stays, and only what it lacks is added.

    Jobs that end at one time, on several machines, may all do so.
    """
    before = json.loads(file.read_text()) if file.exists() else {}
    if all(key in before for key in values):
        return
    aside = file.with_name(f".{file.name}.{uuid4().hex}.partial")
    try:
        aside.write_text(json.dumps(values | before, indent=1, sort_keys=True) + "\n")
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)
