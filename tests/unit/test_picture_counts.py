"""Sparse counts of pictures: their sum, parts in any order, and the file."""

from pathlib import Path

import numpy as np
import pytest

from wsss.artifacts import ArtifactError
from wsss.picture_counts import PictureCounts, gathered, read_counts, sparse, total, write_counts

CONFUSIONS = [
    np.array([[5, 0, 1], [0, 0, 0], [2, 0, 9]]),
    np.zeros((3, 3), int),
    np.array([[7, 0, 0], [0, 3, 0], [0, 4, 0]]),
]


def test_counts_by_hand():
    counts = sparse(CONFUSIONS)
    assert counts.dtype == np.uint32
    assert counts.T.tolist() == [
        [0, 0, 0, 5], [0, 0, 2, 1], [0, 2, 0, 2], [0, 2, 2, 9],
        [2, 0, 0, 7], [2, 1, 1, 3], [2, 2, 1, 4],
    ]  # fmt: skip


def test_their_sum_is_the_confusion_matrix():
    rng = np.random.default_rng(0)
    confusions = (rng.random((40, 21, 21)) < 0.3) * rng.integers(0, 2**31, (40, 21, 21))
    summed = total(sparse(confusions), 21)
    assert summed.dtype == np.int64 and np.array_equal(summed, confusions.sum(axis=0))
    assert total(sparse([]), 4).tolist() == np.zeros((4, 4)).tolist()


def test_parts_are_put_in_the_order_of_the_pictures():
    whole = PictureCounts(("a", "b", "c"), sparse(CONFUSIONS), sparse(CONFUSIONS[::-1]))
    ca = PictureCounts(("c", "a"), sparse(CONFUSIONS[2::-2]), sparse(CONFUSIONS[::2]))
    b = PictureCounts(("b",), sparse(CONFUSIONS[1:2]), sparse(CONFUSIONS[1:2]))
    for parts in ([ca, b], [b, ca]):
        found = gathered(parts, "abc")
        assert found.images == whole.images
        assert np.array_equal(found.raw, whole.raw) and np.array_equal(found.crf, whole.crf)


def test_a_file_gives_back_what_was_written_and_is_the_same_bytes(tmp_path: Path):
    counts = PictureCounts(("2007_000033", "écran"), sparse(CONFUSIONS[:2]), sparse(CONFUSIONS[1:]))
    for name in ("one.npz", "two.npz"):
        write_counts(tmp_path / name, counts)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = read_counts(tmp_path / "one.npz")
    assert found.images == counts.images
    assert np.array_equal(found.raw, counts.raw) and np.array_equal(found.crf, counts.crf)


@pytest.mark.parametrize("keep", [0, 20, 300, -1])
def test_a_damaged_file_is_named(tmp_path: Path, keep: int):
    file = tmp_path / "counts.npz"
    write_counts(file, PictureCounts(("a", "b", "c"), sparse(CONFUSIONS), sparse(CONFUSIONS)))
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ArtifactError, match=r"counts\.npz is damaged .*: delete it and run the target again"):
        read_counts(file)
