"""What makes a published artifact stale, and how its reason reads."""

import json
from pathlib import Path

import pytest

from wsss.release import (
    Job,
    Release,
    ReleaseError,
    changed_params,
    check_provenance,
    chosen,
    digest,
    fetching,
    read_release,
    sources,
    stale,
    write_release,
)

LABELS = Job("fuse", ("labels.py", "pictures.csv"), ("{'fusion.conflict': 0.9}",), ("out/labels", "out/manifest.csv"))
MODEL = Job("train", ("out/manifest.csv", "train.py"), ("'train'", "{'epochs': 2}"), ("out/model",))
DIGESTS = {
    "labels.py": "l1", "pictures.csv": "p1", "train.py": "t1", "out/manifest.csv": "m1", "out/labels": "f1",
    "out/model": "w1",
}  # fmt: skip
RELEASE = Release(
    ("out/model",), (), {"commit": "abc", "dirty": False}, (LABELS, MODEL), DIGESTS, ("out/model",),
    {"out/labels": (1.0, 2.5), "out/model": (2.5, 4.0)},
)  # fmt: skip


def judged(*planned: Job, **changed: str | None) -> dict[str, list[str]]:
    """What is stale if these jobs are planned and some files have other checksums (name without suffix → checksum)."""
    now = DIGESTS | {f"{name}.py": value for name, value in changed.items()}
    return stale(planned or (LABELS, MODEL), RELEASE, now.get)


def test_nothing_is_stale_where_nothing_has_changed():
    assert judged() == {}


def test_a_changed_source_is_named_and_so_is_what_follows():
    assert judged(labels="l2") == {
        "out/labels": ["labels.py has changed since"],
        "out/model": ["it was made from out/labels, which is stale"],
    }


def test_what_comes_before_a_change_stays_good():
    assert judged(train="t2") == {"out/model": ["train.py has changed since"]}


def test_a_missing_source_is_not_taken_for_an_unchanged_one():
    assert judged(train=None) == {"out/model": ["train.py is not here"]}


def test_a_source_that_is_gone_and_no_longer_planned_is_missed():
    """A given folder that is not here is no input of the plan; the reason is that it is not here."""
    planned = Job("train", ("out/manifest.csv",), MODEL.params, MODEL.outputs)
    assert judged(LABELS, planned, train=None) == {"out/model": ["train.py is not here"]}


WEIGHTS = Job("fetch", ("fetch.py",), (), ("pictures.csv",))  # planned where the file that lay there is missing


def test_what_a_rule_would_fetch_is_not_needed():
    assert sources(RELEASE) == {"labels.py", "pictures.csv", "train.py"}
    assert fetching((WEIGHTS, LABELS, MODEL), RELEASE) == [WEIGHTS]
    assert stale((WEIGHTS, LABELS, MODEL), RELEASE, (DIGESTS | {"pictures.csv": None}).get) == {}
    # What is here is judged, and then no rule fetches it.
    assert set(stale((LABELS, MODEL), RELEASE, (DIGESTS | {"pictures.csv": "p2"}).get)) == {"out/labels", "out/model"}
    assert fetching((LABELS, MODEL), RELEASE) == []


def test_files_of_other_jobs_are_judged_by_the_release_not_by_what_lies_here():
    assert stale((LABELS, MODEL), RELEASE, (DIGESTS | {"out/manifest.csv": "other"}).get) == {}


@pytest.mark.parametrize(
    ("planned", "reason"),
    [
        (Job("train2", MODEL.inputs, MODEL.params, MODEL.outputs), "it was made by rule train, now train2 makes it"),
        (
            Job("train", ("new.py", *MODEL.inputs), MODEL.params, MODEL.outputs),
            "it was made without new.py, which is now read",
        ),
        (
            Job("train", MODEL.inputs[:1], MODEL.params, MODEL.outputs),
            "it was made from train.py as well, which is no longer read",
        ),
        (Job("train", MODEL.inputs, ("'train'", "{'epochs': 3}"), MODEL.outputs), "epochs was 2, now 3"),
        (Job("train", MODEL.inputs, ("'val'", "{'epochs': 2}"), MODEL.outputs), "a parameter was 'train', now 'val'"),
    ],
)
def test_every_difference_of_a_job_is_a_reason(planned: Job, reason: str):
    assert judged(LABELS, planned) == {"out/model": [reason]}


def test_a_planned_job_that_was_not_published():
    other = Job("train", MODEL.inputs, MODEL.params, ("out/nodes-8/model",))
    assert judged(LABELS, other) == {"out/nodes-8/model": ["the release does not hold it"]}


def test_params_are_compared_key_by_key():
    before, now = ["{'a': {'b': 1, 'c': [1, 2]}, 'd': None}"], ["{'a': {'b': 1, 'c': [1]}, 'e': True}"]
    assert changed_params(before, now) == [
        "a.c was [1, 2], now [1]",
        "d was None, now not set",
        "e was not set, now True",
    ]
    assert changed_params(["'x'", "1"], ["1", "'x'"]) == []
    (long,) = changed_params(["'" + "x" * 500 + "'"], ["1"])
    assert len(long) < 120


def test_a_folder_is_known_by_names_and_contents(tmp_path: Path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"1")
    first = digest(folder)
    (folder / ".snakemake_timestamp").touch()
    assert digest(folder) == first
    (folder / "a.png").rename(folder / "b.png")
    assert digest(folder) not in (first, None)
    (folder / "b.png").rename(folder / "a.png")
    assert digest(folder) == first
    assert digest(tmp_path / "nothing") is None


def test_what_is_left_out_and_what_lies_in_a_released_folder():
    files = ["r/data/set/JPEGImages", "r/cams/x/maps", "r/cams/x/maps/a.png", "r/tables/t.csv", "data/weights.pth"]
    assert chosen(files, [], "r") == ["r/cams/x/maps", "r/data/set/JPEGImages", "r/tables/t.csv"]
    assert chosen(files, ["data/*", "*/maps*"], "r") == ["r/tables/t.csv"]


def test_a_release_is_read_as_it_was_written(tmp_path: Path):
    write_release(tmp_path / "release.json", RELEASE)
    assert read_release(tmp_path / "release.json") == RELEASE


@pytest.mark.parametrize("content", ["{", "[]", '{"jobs": []}', '{"jobs": [{"rule": 1}]}'])
def test_a_damaged_release_is_refused(tmp_path: Path, content: str):
    (tmp_path / "release.json").write_text(content)
    with pytest.raises(ReleaseError, match=r"release\.json is not a release .*: take it from git again"):
        read_release(tmp_path / "release.json")


def test_a_release_that_is_not_there(tmp_path: Path):
    with pytest.raises(ReleaseError, match="no artifact of this data set has been published; `make publish` does that"):
        read_release(tmp_path / "release.json")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"inputs": {"out/manifest.csv": "m2", "train.py": "t1"}}, r"other inputs \(first: out/manifest.csv\)"),
        ({"inputs": {"train.py": "t1"}}, "another job"),
        ({"rule": "fuse"}, "another job"),
    ],
)
def test_provenance_has_to_agree_with_the_record(tmp_path: Path, change: dict, what: str):
    file = tmp_path / "provenance.json"
    good = {"rule": "train", "inputs": {"out/manifest.csv": "m1", "train.py": "t1"}}
    file.write_text(json.dumps(good))
    check_provenance(file, MODEL, DIGESTS)
    file.write_text(json.dumps(good | change))
    with pytest.raises(ReleaseError, match=f"tells of {what} than Snakemake's record"):
        check_provenance(file, MODEL, DIGESTS)
