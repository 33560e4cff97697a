"""Scripts that Snakemake runs on files small enough to write here, without the chain before them."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from wsss.artifacts import image_folder
from wsss.comparison import boundary_table, read_published_boundaries
from wsss.label_io import write_label

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
MEASURED = {"measure_boundaries": "boundaries", "measure_confusion": "confusion", "measure_stage_quality": "quality"}

MEASURE = """
rule {rule}:
    input:
        images="images.csv", classes="classes.txt", masks="masks.csv",
        labels="labels", manifest="manifest.csv", mined="labels", mined_manifest="manifest.csv",
    output:
        {output}="{rule}.csv",
    log:
        "logs/{rule}/x.txt",
    params:
        split="train", stages=["mined"], aligned=True, tolerance=0.1, pairs=[["boat", "bird"]], contexts=None,
    script:
        "{scripts}/{rule}.py"
"""

WRITE = """
rule write_boundaries:
    input:
        table="boundaries.csv",
    output:
        md="boundaries.md", tex="boundaries.tex", html="boundaries.html",
    log:
        "logs/write_boundaries/x.txt",
    params:
        title="Boundaries", tolerance=0.0075, split="val", about={about!r},
    script:
        "{scripts}/write_boundaries.py"
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
    rules = [MEASURE.format(rule=r, output=o, scripts=SCRIPTS) for r, o in MEASURED.items()]
    (tmp_path / "Snakefile").write_text("".join(rules))
    return tmp_path


def write(file: Path, header: str, rows: list[tuple]) -> None:
    with open(file, "w", newline="") as stream:
        csv.writer(stream).writerows([header.split(), *rows])


def run(folder: Path, *targets: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going", *targets]
    command += ["--config", "resuming={save_minutes: 1}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE_")}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, cwd=folder, env=environment, **output)


def test_what_is_measured_is_what_the_manifest_lists(folder: Path):
    whole = run(folder, *MEASURED)
    assert whole.returncode == 0, whole.stdout
    for rule in MEASURED:
        assert (folder / f"{rule}.csv").read_text().count("\n") == 2
        (folder / f"{rule}.csv").unlink()
    write_label(folder / "labels/b.png", np.zeros((2, 4), np.uint8))
    replaced = run(folder, *MEASURED)
    assert replaced.returncode
    sentence = "labels/b.png is not what manifest.csv lists: delete the manifest and run the target again"
    for rule in MEASURED:
        assert f"Error in {rule}: {sentence}" in replaced.stdout, replaced.stdout
        assert not (folder / f"{rule}.csv").exists()


@pytest.mark.parametrize("published", [True, False])
def test_only_published_boundaries_are_said_to_belong_to_sbd(tmp_path: Path, published: bool):
    """Also on VOC 2012, where the table may be compared with none."""
    files = []
    for seed in (0, 1):
        files.append(tmp_path / f"{seed}.csv")
        write(files[-1], "stage images recall precision f1", [("mined", 3, 0.5, 0.6, 0.54)])
    rows = read_published_boundaries(ROOT / "config/paper/smvwe_table2.csv") if published else None
    about = yaml.safe_load((ROOT / "config/paper/notes.yaml").read_text())["smvwe_table2"] if published else ""
    boundary_table(rows, {"x": "X"}, [0, 1], files).to_csv(tmp_path / "boundaries.csv", index=False)
    (tmp_path / "Snakefile").write_text(WRITE.format(scripts=SCRIPTS, about=about))
    done = run(tmp_path, "write_boundaries")
    assert done.returncode == 0, done.stdout
    for form in ("md", "tex", "html"):
        text = (tmp_path / f"boundaries.{form}").read_text()
        assert "0.0075 of the picture" in text and "validation pictures" in text
        assert ("this run" in text) == ("40.2" in text) == published
        assert ("SBD" in text) == ("BES" in text) == published
    assert 'download="boundaries.csv"' in (tmp_path / "boundaries.html").read_text()
