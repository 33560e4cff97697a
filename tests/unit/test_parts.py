"""Pictures in parts for several jobs, and what the parts have made, gathered."""

import io
from pathlib import Path

import pytest

from wsss.artifacts import image_folder
from wsss.data import Picture
from wsss.parts import gather, not_in, part_of
from wsss.progress import Progress


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Two parts, of two labels and of one."""
    folders = [tmp_path / "1-of-2", tmp_path / "2-of-2"]
    for folder, ids in zip(folders, ("ac", "b"), strict=True):
        with image_folder(folder / "labels", folder / "manifest.csv") as aside:
            for i in ids:
                (aside / f"{i}.png").write_text(f"label of {i}")
        (folder / "labels" / ".snakemake_timestamp").touch()
    return folders


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    folder = tmp_path / "whole"
    folder.mkdir()
    return folder


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


def test_each_part_gets_every_nth_picture():
    assert [part_of("abcdefgh", f"{i}-of-3") for i in (1, 2, 3)] == [list("adg"), list("beh"), list("cf")]


def test_the_only_part_is_the_whole():
    assert part_of("abcde", "1-of-1", 2) == list("abcde")


def test_batches_stay_together():
    assert [part_of("abcdefghi", f"{i}-of-2", 4) for i in (1, 2)] == [list("abcdi"), list("efgh")]


@pytest.mark.parametrize("batch_size", [1, 3, 4])
@pytest.mark.parametrize("jobs", [2, 5, 30])
def test_parts_are_disjoint_and_complete(jobs: int, batch_size: int):
    parts = [part_of(range(23), f"{i}-of-{jobs}", batch_size) for i in range(1, jobs + 1)]
    assert sorted(item for part in parts for item in part) == list(range(23))


def test_parts_are_gathered(parts: list[Path], whole: Path):
    assert gather(parts, whole) == parts
    assert content(whole) == {f"{i}.png": f"label of {i}" for i in "abc"}


def test_what_no_part_holds_is_missing(parts: list[Path], whole: Path):
    pictures = [Picture(i, "train", 4, 3, (1,), Path(f"{i}.jpg"), None) for i in "abcd"]
    gather(parts, whole)
    log = io.StringIO()
    assert [p.image_id for p in not_in(whole, pictures, Progress("fusion", log, io.StringIO()))] == ["d"]
    assert log.getvalue() == "fusion: 3 of 4 labels are there already\n"


def test_a_damaged_part_is_left_out(parts: list[Path], whole: Path):
    (parts[0] / "labels" / "c.png").write_text("something else")
    assert gather(parts, whole) == parts[1:]
    assert content(whole) == {"b.png": "label of b"}


def test_a_part_without_manifest_is_left_out(parts: list[Path], whole: Path):
    (parts[1] / "manifest.csv").unlink()
    assert gather(parts, whole) == parts[:1]


def test_no_picture_is_counted_twice(parts: list[Path], whole: Path):
    """Parts of runs with different numbers of jobs may overlap."""
    assert gather([*parts, parts[0]], whole) == parts
