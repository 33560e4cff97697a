"""The method that docs/adding_a_method.md adds by example: its files work as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "adding_a_method.md").read_text()


def printed(kind: str) -> dict[str, str]:
    """File → its text, of the blocks that begin with a file's name."""
    blocks = re.findall(rf"^```{kind}\n# (\S+)\n(.*?)^```$", TEXT, re.M | re.S)
    return dict(blocks)


def copy_with_method(folder: Path) -> Path:
    """The repository's library with the example's files and its entries in the lists."""
    for file in (ROOT / "src" / "wsss").rglob("*.py"):
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text())
    for name, text in printed("python").items():
        if name.startswith("src/wsss/plain_cam/"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    lists = {"methods": r"^METHODS.*$", "settings": r"^    smvwe: .*$"}
    entries = {"methods": (line("METHODS: "), "wsss.plain_cam.method import METHOD as PLAIN_CAM")}
    entries["settings"] = (f"\\g<0>\n    {line('plain_cam: PlainCAM')}", "wsss.plain_cam.settings import PlainCAM")
    for name, place in lists.items():
        file = folder / f"src/wsss/{name}.py"
        new, imported = entries[name]
        text, found = re.subn(place, new, file.read_text(), flags=re.M)
        assert found == 1, name
        file.write_text(text.replace("\nfrom ", f"\nfrom {imported}\nfrom ", 1))
    return folder / "src"


def line(start: str) -> str:
    """The line of the example that begins so, without the blanks before it."""
    (found,) = re.findall(rf"^ *({re.escape(start)}.*)$", TEXT, re.M)
    return found


CHECK = """
import numpy as np, torch, yaml
from wsss.config import load_config
from wsss.data import Picture
from wsss.plain_cam.labels import cam_label
from wsss.variants import Plan

overlay = yaml.safe_load({overlay!r})
config = load_config({{"experiments": overlay["experiments"], "full_supervision": None}})
plan = Plan(config)
print(sorted(variant.stage for variant in plan.chain(plan.settings("plain_cam"))))
picture = Picture("a", "train", 3, 1, (2, 3), None, None)
maps = torch.tensor([[[9.0, 9, 9]], [[4.0, 1, 0]], [[0.0, 1, 2]]])
print(cam_label(maps, picture, floor=0.3, aligned=True).tolist())
print(cam_label(maps * 0, picture, floor=0.3, aligned=True).tolist())
"""


def test_the_example_is_planned_and_labels_as_it_says(tmp_path: Path):
    """Class 2 has .25 in the middle, less than the background; class 3 has .5."""
    sources = copy_with_method(tmp_path)
    check = CHECK.format(overlay=printed("yaml")["config/fourth.yaml"])
    command = [sys.executable, "-c", check]
    run = subprocess.run(command, env={"PYTHONPATH": str(sources)}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    stages, label, silent = run.stdout.splitlines()
    assert stages == str(["cam_labels", "evaluation", "image_classifier", "round1"])
    assert label == "[[2, 3, 3]]"
    assert silent == "[[0, 0, 0]]"


def test_the_example_has_every_file_that_it_lists():
    listed = set(re.findall(r"`((?:src|rules|workflow)/[\w/]*(?:plain_cam|make_cam)[\w/]*\.\w+)`", TEXT))
    assert "src/wsss/plain_cam/__init__.py" in listed  # without it, the folder is no package
    assert listed - {"tests/unit/test_plain_cam.py"} <= set(printed("python"))
    assert yaml.safe_load(printed("yaml")["config/fourth.yaml"])["experiments"]["plain_cam"]["set"]
