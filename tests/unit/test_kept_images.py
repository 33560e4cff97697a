"""Long stages over images: a rerun goes on from the images that are done, and makes the same bytes."""

import io
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from outages import Outage

from wsss.artifacts import check_folder, image_folder, is_done
from wsss.batches import batches_of, chunks_of
from wsss.data import Picture
from wsss.label_folder import write_labels
from wsss.label_io import read_label, write_label
from wsss.parallel import WorkerError
from wsss.progress import Progress

PICTURES = [Picture(f"p{i}", "train", 9, 7, (1,), Path(f"p{i}.jpg"), None) for i in range(40)]


def label_of(picture: Picture) -> np.ndarray:
    return np.random.default_rng(int(picture.image_id[1:])).integers(0, 21, (7, 9), dtype=np.uint8)


def make(picture: Picture, *, made: Path, fail_at: str | None = None, how=None) -> np.ndarray:
    """The label of a picture, noted in the folder ``made``; ``how()`` is called at one of them."""
    if picture.image_id == fail_at:
        how()
    (made / picture.image_id).touch()
    return label_of(picture)


def raise_outage():
    raise Outage


def end_this_process():
    os.kill(os.getpid(), signal.SIGKILL)


class Stage:
    """A label stage in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder, self.labels, self.manifest = folder, folder / "labels", folder / "manifest.csv"

    def run(self, *, key: str | None = "a" * 64, processes: int = 1, **failure) -> set[str]:
        """Writes the labels; returns of which pictures they were made this time."""
        made = self.folder / "made"
        made.mkdir(exist_ok=True)
        progress = Progress("test", io.StringIO(), io.StringIO())
        function = partial(make, made=made, **failure)
        try:
            write_labels(
                function, PICTURES, self.labels, self.manifest, progress=progress, processes=processes, key=key
            )
        finally:
            self.made = {f.name for f in made.iterdir()}
            for file in made.iterdir():
                file.unlink()
            made.rmdir()
        return self.made

    @property
    def partial(self) -> Path:
        (found,) = self.folder.glob("*.partial")
        return found

    def contents(self) -> dict[str, bytes]:
        check_folder(self.labels, self.manifest, [p.image_id for p in PICTURES])
        assert sorted(f.name for f in self.folder.iterdir()) == ["labels", "manifest.csv"]
        return {str(f.relative_to(self.folder)): f.read_bytes() for f in self.folder.rglob("*") if f.is_file()}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "interrupted").mkdir()
    return Stage(tmp_path / "interrupted")


@pytest.fixture
def undisturbed(tmp_path: Path) -> dict[str, bytes]:
    (tmp_path / "undisturbed").mkdir()
    stage = Stage(tmp_path / "undisturbed")
    stage.run(key=None)
    return stage.contents()


@pytest.mark.parametrize("number", [0, 1, 17, 39])
def test_a_rerun_makes_what_is_missing(stage: Stage, undisturbed: dict[str, bytes], number: int):
    with pytest.raises(Outage):
        stage.run(fail_at=f"p{number}", how=raise_outage)
    assert not stage.labels.exists() and not stage.manifest.exists()
    assert stage.run() == {p.image_id for p in PICTURES[number:]}
    assert stage.contents() == undisturbed


def test_a_worker_that_dies_is_said_and_the_rest_is_kept(stage: Stage, undisturbed: dict[str, bytes]):
    with pytest.raises(WorkerError, match="one of 2 worker processes died"):
        stage.run(processes=2, fail_at="p39", how=end_this_process)
    done = {f.stem for f in stage.partial.glob("p*.png")}
    assert "p39" not in done
    assert stage.run(processes=2) == {p.image_id for p in PICTURES} - done
    assert stage.contents() == undisturbed


def test_another_key_starts_anew(stage: Stage, undisturbed: dict[str, bytes]):
    with pytest.raises(Outage):
        stage.run(fail_at="p20", how=raise_outage, key="b" * 64)
    assert len(stage.run()) == len(PICTURES)
    assert stage.contents() == undisturbed


def test_without_a_key_nothing_is_kept(stage: Stage):
    with pytest.raises(Outage):
        stage.run(fail_at="p20", how=raise_outage, key=None)
    assert list(stage.folder.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, 50, -1, -12])
def test_a_truncated_image_is_made_again(stage: Stage, undisturbed: dict[str, bytes], size: int):
    with pytest.raises(Outage):
        stage.run(fail_at="p20", how=raise_outage)
    file = stage.partial / "p3.png"
    file.write_bytes(file.read_bytes()[:size])
    assert stage.run() == {"p3", *(p.image_id for p in PICTURES[20:])}
    assert stage.contents() == undisturbed


def test_an_image_with_any_flipped_bit_is_made_again(stage: Stage, undisturbed: dict[str, bytes]):
    with pytest.raises(Outage):
        stage.run(fail_at="p39", how=raise_outage)
    file = stage.partial / "p3.png"
    data = file.read_bytes()
    for place in range(0, len(data), 7):
        file.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(Outage):
            stage.run(fail_at="p39", how=raise_outage)
        assert stage.made == {"p3"}, place
        assert file.read_bytes() == data
    assert stage.run() == {"p39"}
    assert stage.contents() == undisturbed


def test_half_written_files_never_reach_the_folder(stage: Stage, undisturbed: dict[str, bytes]):
    with pytest.raises(Outage):
        stage.run(fail_at="p20", how=raise_outage)
    (stage.partial / ".p30.png.1234.tmp").write_bytes(b"\x89PNG")
    (stage.partial / "notes.txt").write_text("not an image")
    stage.run()
    assert stage.contents() == undisturbed


def test_a_folder_that_was_complete_but_not_yet_renamed_is_used(stage: Stage, undisturbed: dict[str, bytes]):
    with pytest.raises(Outage), image_folder(stage.labels, stage.manifest, "a" * 64) as aside:
        for picture in PICTURES:
            write_label(aside / f"{picture.image_id}.png", label_of(picture))
        raise Outage
    assert stage.run() == set()
    assert stage.contents() == undisturbed


def test_batches_hold_the_same_pictures_whatever_is_done():
    """A network's last bits can depend on what else is in the batch."""
    whole = chunks_of(range(10), 4)
    assert [list(c) for c in whole] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert chunks_of(range(10), 4, {0, 1, 2, 3, 5, 8}.__contains__) == whole[1:]
    assert chunks_of(range(10), 4, lambda i: True) == []
    read = [(list(chunk), arrays[0].tolist()) for chunk, arrays in batches_of(whole, lambda i: [np.array(i)], 2)]
    assert read == [(list(c), list(c)) for c in whole]


def test_is_done(tmp_path: Path):
    write_label(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    assert is_done(tmp_path, "a") and not is_done(tmp_path, "b")
    assert read_label(tmp_path / "a.png").shape == (2, 2)
