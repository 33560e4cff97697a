"""Scripts that read a folder of labels, run by Snakemake on two pictures: a folder that was replaced is named."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsss.artifacts import image_folder
from wsss.label_io import write_label

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = {"measure_boundaries": "boundaries", "measure_confusion": "confusion", "measure_stage_quality": "quality"}

RULE = """
rule {rule}:
    input:
        images="images.csv", classes="classes.txt", masks="masks.csv",
        labels="labels", manifest="manifest.csv", mined="labels", mined_manifest="manifest.csv",
    output:
        {output}="{rule}.csv",
    log:
        "logs/{rule}/x.txt",
    params:
        split="train", stages=["cam", "mined"], aligned=True, tolerance=0.1, pairs=[["boat", "bird"]], contexts=None,
    script:
        "{scripts}/{rule}.py"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of 4×2 px, their true masks, and labels in a folder with its manifest."""
    (tmp_path / "masks").mkdir()
    (tmp_path / "classes.txt").write_text("background\nboat\nbird\n")
    value = np.array([[0, 1, 1, 2]] * 2, np.uint8)
    with image_folder(tmp_path / "labels", tmp_path / "manifest.csv") as aside:
        for name in ("a", "b"):
            Image.fromarray(np.zeros((2, 4, 3), np.uint8)).save(tmp_path / f"{name}.jpg")
            write_label(tmp_path / f"masks/{name}.png", value)
            write_label(aside / f"{name}.png", value)
    rows = [(i, "train", 4, 2, "boat bird", "complex", f"{i}.jpg", "") for i in "ab"]
    write(tmp_path / "images.csv", "image_id split width height classes kind picture sha256", rows)
    write(tmp_path / "masks.csv", "image_id mask sha256", [(i, f"masks/{i}.png", "") for i in "ab"])
    rules = [RULE.format(rule=r, output=o, scripts=ROOT / "workflow/scripts") for r, o in OUTPUTS.items()]
    (tmp_path / "Snakefile").write_text("".join(rules))
    return tmp_path


def write(file: Path, header: str, rows: list[tuple]) -> None:
    with open(file, "w", newline="") as stream:
        csv.writer(stream).writerows([header.split(), *rows])


def run(folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going", *OUTPUTS]
    command += ["--config", "resuming={save_minutes: 1}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE_")}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, cwd=folder, env=environment, **output)


def test_what_is_measured_is_what_the_manifest_lists(folder: Path):
    whole = run(folder)
    assert whole.returncode == 0, whole.stdout
    for rule in OUTPUTS:
        assert (folder / f"{rule}.csv").read_text().count("\n") == 2
        (folder / f"{rule}.csv").unlink()
    write_label(folder / "labels/b.png", np.zeros((2, 4), np.uint8))
    replaced = run(folder)
    assert replaced.returncode
    sentence = "labels/b.png is not what manifest.csv lists: delete the manifest and run the target again"
    for rule in OUTPUTS:
        assert f"Error in {rule}: {sentence}" in replaced.stdout, replaced.stdout
        assert not (folder / f"{rule}.csv").exists()
