"""Damage to what was finished: a sentence that names it and the way out, which works; all else stays as it was."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from checkouts import Checkout

SEED = "default/seed-0"
LABELS, MANIFEST = f"pseudo_labels/{SEED}/labels", f"pseudo_labels/{SEED}/manifest.csv"
MODEL = f"round1/{SEED}/model.safetensors"


def snapshot(results: Path) -> dict[Path, bytes]:
    """Every artifact; not what tells when and how long."""
    left_out = {"logs", "benchmarks"}
    files = [f for f in results.rglob("*") if f.is_file() and not left_out & set(f.relative_to(results).parts)]
    return {f.relative_to(results): f.read_bytes() for f in files if f.name != "provenance.json"}


def fail(checkout: Checkout, target: str) -> str:
    run = checkout.snakemake(f"results/tiny/{target}", check=False)
    assert run.returncode, run.stdout
    assert "Traceback" not in run.stdout
    return run.stdout


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def some_label(results: Path) -> Path:
    return sorted((results / LABELS).iterdir())[3]


def a_flipped_byte_in_a_label(results: Path) -> str:
    label = some_label(results)
    flip(label)
    return f"tiny/{LABELS}/{label.name} is not what results/tiny/{MANIFEST} lists: delete the manifest"


def a_deleted_label(results: Path) -> str:
    label = some_label(results)
    label.unlink()
    return f"tiny/{LABELS}/{label.name} is missing though results/tiny/{MANIFEST} lists it: delete the"


def a_manifest_without_a_row(results: Path) -> str:
    lines = (results / MANIFEST).read_text().splitlines(keepends=True)
    (results / MANIFEST).write_text("".join(lines[:2] + lines[3:]))
    return f"tiny/{MANIFEST} lacks 1 of the images that are needed (first: train_0001): delete it"


def a_manifest_of_other_files(results: Path) -> str:
    with open(results / MANIFEST, newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][2], rows[2][2] = rows[2][2], rows[1][2]
    with open(results / MANIFEST, "w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return f"tiny/{LABELS}/{rows[1][1]} is not what results/tiny/{MANIFEST} lists: delete the manifest"


@pytest.mark.parametrize(
    "spoil",
    [a_flipped_byte_in_a_label, a_deleted_label, a_manifest_without_a_row, a_manifest_of_other_files],
    ids=lambda spoil: spoil.__name__,
)
def test_damaged_labels_train_nothing(tiny_copy: Checkout, spoil: Callable[[Path], str]):
    """The next training that would read them finds out before its first step, and nothing else is lost."""
    sentence = spoil(tiny_copy.results)
    (tiny_copy.results / MODEL).unlink()
    before = snapshot(tiny_copy.results)
    output = fail(tiny_copy, MODEL)
    assert sentence in output
    assert " steps (" not in output
    lost = {f for f, content in before.items() if snapshot(tiny_copy.results).get(f) != content}
    assert {str(f.parent) for f in lost} <= {f"round1/{SEED}"}  # Snakemake clears a job's outputs before it runs it


def test_damaged_labels_are_made_anew_without_their_manifest(tiny_copy: Checkout):
    before = snapshot(tiny_copy.results)
    flip(some_label(tiny_copy.results))
    (tiny_copy.results / MANIFEST).unlink()
    tiny_copy.snakemake(f"results/tiny/{MANIFEST}")
    assert snapshot(tiny_copy.results) == before


def test_a_truncated_checkpoint(tiny_copy: Checkout):
    before = snapshot(tiny_copy.results)
    checkpoint, target = tiny_copy.results / MODEL, f"predictions/{SEED}/manifest.csv"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    output = fail(tiny_copy, target)
    assert f"results/tiny/{MODEL} cannot be read as a checkpoint (" in output
    assert "): delete it and run the target again" in output
    lost = {f for f in before if not (tiny_copy.results / f).exists()}
    assert {f.parts[0] for f in lost} <= {"predictions"}
    checkpoint.unlink()  # as the sentence says
    tiny_copy.snakemake(f"results/tiny/{target}")
    assert snapshot(tiny_copy.results) == before


@pytest.mark.parametrize(
    ("kind", "stage"), [("Saliency/train_0001.png", "initial_labels"), ("JPEGImages/train_0001.jpg", "cams")]
)
def test_a_file_of_the_data_that_is_gone(tiny_copy: Checkout, kind: str, stage: str):
    before = snapshot(tiny_copy.results)
    (tiny_copy.results / stage / SEED / "manifest.csv").unlink()
    gone = tiny_copy.results / "data/openmoji" / kind
    content = gone.read_bytes()
    gone.unlink()
    output = fail(tiny_copy, f"{stage}/{SEED}/manifest.csv")
    assert f"results/tiny/data/openmoji/{kind} is missing: put it back, or have it made again" in output
    gone.write_bytes(content)
    tiny_copy.snakemake(f"results/tiny/{stage}/{SEED}/manifest.csv")
    assert snapshot(tiny_copy.results) == before


def test_a_picture_truncated_after_the_check(tiny_copy: Checkout):
    (tiny_copy.results / f"cams/{SEED}/manifest.csv").unlink()
    picture = tiny_copy.results / "data/openmoji/JPEGImages/train_0002.jpg"
    picture.write_bytes(picture.read_bytes()[:-200])
    output = fail(tiny_copy, f"cams/{SEED}/manifest.csv")
    assert "openmoji/JPEGImages/train_0002.jpg is truncated (no end of image): copy the picture again" in output
    assert not (tiny_copy.results / f"cams/{SEED}/manifest.csv").exists()
