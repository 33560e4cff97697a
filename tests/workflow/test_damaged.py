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


def a_flipped_byte_in_a_label(results: Path) -> tuple[str, str]:
    label = some_label(results)
    flip(label)
    return f"tiny/{LABELS}/{label.name} is not what results/tiny/{MANIFEST} lists: delete the manifest", MANIFEST


def a_deleted_label(results: Path) -> tuple[str, str]:
    label = some_label(results)
    label.unlink()
    return f"tiny/{LABELS}/{label.name} is missing though results/tiny/{MANIFEST} lists it: delete the", MANIFEST


def a_manifest_without_a_row(results: Path) -> tuple[str, str]:
    lines = (results / MANIFEST).read_text().splitlines(keepends=True)
    (results / MANIFEST).write_text("".join(lines[:2] + lines[3:]))
    return f"tiny/{MANIFEST} lacks 1 of the images that are needed (first: train_0001): delete it", MANIFEST


def a_manifest_of_other_files(results: Path) -> tuple[str, str]:
    with open(results / MANIFEST, newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][2], rows[2][2] = rows[2][2], rows[1][2]
    with open(results / MANIFEST, "w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return f"tiny/{LABELS}/{rows[1][1]} is not what results/tiny/{MANIFEST} lists: delete the manifest", MANIFEST


@pytest.mark.parametrize(
    "spoil",
    [a_flipped_byte_in_a_label, a_deleted_label, a_manifest_without_a_row, a_manifest_of_other_files],
    ids=lambda spoil: spoil.__name__,
)
def test_damaged_labels_train_nothing(tiny_copy: Checkout, spoil: Callable[[Path], tuple[str, str]]):
    """The next training that would read them finds out; without their manifest they are made anew, and are the same."""
    before = snapshot(tiny_copy.results)
    for file in (tiny_copy.results / MODEL).parent.iterdir():
        file.unlink()
    sentence, to_delete = spoil(tiny_copy.results)
    output = fail(tiny_copy, MODEL)
    assert sentence in output
    assert " steps (" not in output and not (tiny_copy.results / MODEL).exists()
    (tiny_copy.results / to_delete).unlink()
    tiny_copy.snakemake(f"results/tiny/{MODEL}")
    assert snapshot(tiny_copy.results) == before


def test_a_truncated_checkpoint(tiny_copy: Checkout):
    before = snapshot(tiny_copy.results)
    checkpoint, target = tiny_copy.results / MODEL, f"predictions/{SEED}/manifest.csv"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    output = fail(tiny_copy, target)
    assert f"results/tiny/{MODEL} cannot be read as a checkpoint (" in output
    assert "): delete it and run the target again" in output
    lost = {f for f in before if not (tiny_copy.results / f).exists()}
    assert {f.parts[0] for f in lost} <= {"predictions"}  # Snakemake clears a job's outputs before it runs it
    checkpoint.unlink()
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
