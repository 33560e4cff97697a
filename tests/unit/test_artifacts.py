"""Artifacts: complete or absent, and checked before use."""

import csv

import pytest

from wsss.artifacts import ArtifactError, check_folder, image_folder, sha256, written_aside


@pytest.fixture
def labels(tmp_path):
    """A finished folder of two files, and its manifest."""
    folder, manifest = tmp_path / "labels", tmp_path / "manifest.csv"
    with image_folder(folder, manifest) as aside:
        (aside / "a.png").write_bytes(b"first")
        (aside / "b.png").write_bytes(b"second one")
    return folder, manifest


def names(folder) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "scores.json"
    with written_aside(path) as aside:
        aside.write_text("{}")
        assert not path.exists()
        assert aside.parent == path.parent
    assert names(tmp_path / "new") == ["scores.json"]


def test_an_exception_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), written_aside(tmp_path / "scores.json") as aside:
        aside.write_text("{")
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_exception_leaves_what_was_there(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), written_aside(path) as aside:
        aside.write_text("n")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert names(tmp_path) == ["scores.json"]


def test_a_folder_is_replaced_as_a_whole(labels):
    folder, manifest = labels
    with image_folder(folder, manifest) as aside:
        (aside / "c.png").write_bytes(b"third")
        assert names(folder) == ["a.png", "b.png"]
    assert names(folder.parent) == ["labels", "labels/c.png", "manifest.csv"]
    check_folder(folder, manifest, ["c"])


def test_an_exception_leaves_the_former_folder_and_manifest(labels):
    folder, manifest = labels
    with pytest.raises(RuntimeError), image_folder(folder, manifest) as aside:
        (aside / "c.png").write_bytes(b"third")
        raise RuntimeError
    assert names(folder.parent) == ["labels", "labels/a.png", "labels/b.png", "manifest.csv"]
    check_folder(folder, manifest, ["a", "b"])


def test_what_an_interrupted_run_left_is_cleared(labels):
    folder, manifest = labels
    stale = folder.with_name(f".{folder.name}.partial")
    stale.mkdir()
    (stale / "stale.png").write_bytes(b"")
    with image_folder(folder, manifest) as aside:
        (aside / "a.png").write_bytes(b"new")
    assert names(folder.parent) == ["labels", "labels/a.png", "manifest.csv"]


def test_the_manifest_lists_every_file(labels):
    folder, manifest = labels
    with open(manifest, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["image_id"], r["file"], r["bytes"]) for r in rows] == [("a", "a.png", "5"), ("b", "b.png", "10")]
    assert rows[0]["sha256"] == "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"
    assert rows[1]["sha256"] == sha256(folder / "b.png")
    check_folder(folder, manifest, ["b", "a"])


def test_a_changed_byte_is_found(labels):
    folder, manifest = labels
    (folder / "b.png").write_bytes(b"Second one")
    with pytest.raises(ArtifactError, match=r"b\.png is not what"):
        check_folder(folder, manifest, ["a", "b"])


def test_files_that_are_not_needed_are_not_read(labels):
    folder, manifest = labels
    (folder / "b.png").write_bytes(b"Second one")
    check_folder(folder, manifest, ["a"])


def test_a_missing_file_is_found(labels):
    folder, manifest = labels
    (folder / "a.png").unlink()
    with pytest.raises(ArtifactError, match=r"a\.png is missing"):
        check_folder(folder, manifest, ["a", "b"])


def test_a_missing_image_is_counted_and_the_first_named(labels):
    with pytest.raises(ArtifactError, match=r"lacks 2 .*first: c"):
        check_folder(*labels, ["a", "c", "d"])
