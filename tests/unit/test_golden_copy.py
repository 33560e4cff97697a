"""The small copy of the reference vectors in tests/golden: small, true to the full set, and complete in its rules."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

SMALL = Path(__file__).resolve().parents[1] / "golden"
LIMIT = 1_000_000  # bytes
# Made for the copy with the published code, because the full set's networks and photographs cannot be in it.
RECORDED = {
    "classifier/vgg_small_io.npz",
    "classifier/vgg_small_state.npz",
    "crf/crf21_made.npz",
    "crf/crf4_made.npz",
    "deeplab/deeplab_forward.npz",
    "deeplab/deeplab_state.npz",
    "deeplab/deeplab_train_step.npz",
}


def copied_files() -> list[str]:
    names = {str(p.relative_to(SMALL)) for p in SMALL.rglob("*") if p.is_file()}
    return sorted(names - RECORDED - {"README.md"})


def cases(folder: Path) -> list[dict]:
    return json.loads((folder / "cases.json").read_text())["cases"]


def test_copy_is_small():
    assert sum(p.stat().st_size for p in SMALL.rglob("*") if p.is_file()) <= LIMIT


def test_recorded_files_are_there_and_the_readme_says_so():
    readme = (SMALL / "README.md").read_text()
    assert [name for name in sorted(RECORDED) if not (SMALL / name).is_file() or f"`{name}`" not in readme] == []


def test_copy_equals_the_full_set(full_golden):
    equal = {".png": same_picture, ".npz": same_arrays, ".json": same_records}
    names = copied_files()
    assert {Path(n).suffix for n in names} == set(equal)
    assert [n for n in names if not equal[Path(n).suffix](SMALL / n, full_golden / n)] == []


def same_picture(copy: Path, original: Path) -> bool:
    with Image.open(copy) as a, Image.open(original) as b:
        return (a.mode, a.getpalette()) == (b.mode, b.getpalette()) and np.array_equal(np.asarray(a), np.asarray(b))


def same_arrays(copy: Path, original: Path) -> bool:
    a, b = np.load(copy), np.load(original)
    if a.files != b.files or any(a[k].dtype != b[k].dtype for k in a.files):
        return False
    return all(np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f") for k in a.files)


def same_records(copy: Path, original: Path) -> bool:
    a, b = json.loads(copy.read_text()), json.loads(original.read_text())
    if copy.name != "cases.json":
        return a == b
    return all(case in b["cases"] for case in a["cases"])


def test_pseudo_labels_have_every_rule_of_mining():
    found = cases(SMALL / "labels_pom")
    assert {rule for case in found for rule in case["threshold_rule"].values()} == {
        "median_of_region",
        "median_of_values_above_median_of_values_above_0.3",
        "one",
        "nan",
        None,  # no CAM of that class
    }
    assert {case["whole_image_ignored"] for case in found} == {True, False}
    assert any(file is None for case in found for file in case["att_iam"].values())


def test_masked_labels_have_even_and_odd_kernels_and_both_kinds_of_picture():
    found = cases(SMALL / "labels_nsrm")
    assert {kernel for case in found for kernel in case["masked"]} >= {"2", "5", "30"}
    assert {len(case["labels"]) > 1 for case in found} == {True, False}
    assert any(int(k) > max(case["height"], case["width"]) for case in found for k in case["masked"])
    assert {w for case in found for w in case["whole_image_ignored"].values()} == {True, False}
