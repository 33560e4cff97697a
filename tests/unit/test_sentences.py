"""What a job says that fails: the cause, the user's own file, what to do, in one line."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from wsss.checkpoints import read_pth
from wsss.code_graph import sources
from wsss.data_checks import check_images, check_masks
from wsss.missing import missing
from wsss.sentences import sentence

ROOT = Path(__file__).resolve().parents[2]


def said(act: Callable, made_of: dict[str, str] | None = None) -> str:
    with pytest.raises(Exception) as caught:
        act()
    text = sentence(caught.value, made_of or {})
    assert "\n" not in text and "Traceback" not in text
    return text


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's as the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/mine/JPEGImages").mkdir(parents=True)
    return tmp_path


def test_no_rule_depends_on_the_words():
    """An edit of a sentence must not train anything again."""
    scripts = ROOT / "workflow" / "scripts"
    found = {f.name for script in scripts.glob("*.py") for f in sources(script, (ROOT / "src", scripts))}
    assert {"job.py", "remembering.py"} < found and not {"sentences.py", "baseline.py"} & found


# --- what is missing ----------------------------------------------------------------------------------------------


def test_a_folder_that_was_never_there_is_not_to_be_put_back(here: Path):
    text = said(Path("data/yours/classes.txt").read_bytes)
    assert text == (
        "data/yours/classes.txt is missing: there is no folder data/yours, so put it there, or correct the path in the "
        "configuration"
    )


@pytest.mark.parametrize(
    ("listed", "there"),
    [
        ("train_000.jpg", "train_000.JPG"),
        ("train_000.jpg", "train_000.jpeg"),
        ("train_000.jpg", "Train_000.jpg"),
        ("pru\u0308fung.jpg", "pr\u00fcfung.jpg"),
    ],
    ids=["case of the kind", "another kind", "case", "composed letters"],
)
def test_what_is_called_nearly_so_is_named(here: Path, listed: str, there: str):
    (here / "data/mine/JPEGImages" / there).touch()
    text = said(Path(f"data/mine/JPEGImages/{listed}").read_bytes)
    assert f"{listed} is missing, but data/mine/JPEGImages/{there} is there: rename one" in text


def test_a_folder_that_is_called_nearly_so_is_named(here: Path):
    assert "data/mine/jpegimages is missing, but data/mine/JPEGImages is there" in (
        missing(Path("data/mine/jpegimages/a.jpg"))
    )


def test_an_artifact_is_told_from_what_the_user_brings(here: Path):
    ours = missing(Path("results/mine/cams/default/seed-0/maps/a.png"))
    assert ours.endswith("a.png is missing: put it back, or have it made again")
    assert missing(Path("data/a.onnx")).endswith("put it there, or correct the path in the configuration")


def test_a_picture_that_was_moved_away_is_named_where_it_was(here: Path):
    """Pictures of an unpacked folder are linked to from results."""
    (here / "results").mkdir()
    (here / "results/a.jpg").symlink_to(here / "data/mine/JPEGImages/a.jpg")
    text = said(Path("results/a.jpg").read_bytes)
    assert text.startswith(f"{here}/data/mine/JPEGImages/a.jpg is missing: put it there")


def test_an_archive_in_place_of_a_folder(here: Path):
    (here / "mine.zip").write_bytes(b"PK")
    assert said(Path("mine.zip/classes.txt").read_bytes) == "mine.zip is a file, and a folder is meant: unpack it"


# --- what cannot be opened ----------------------------------------------------------------------------------------


def test_a_folder_in_place_of_a_file(here: Path):
    assert (
        said(Path("data/mine").read_bytes)
        == "data/mine cannot be opened (Is a directory): a file is meant, not a folder"
    )


def test_a_file_that_may_not_be_read():
    def fail() -> None:  # root, who may run this, may read everything
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a.png")

    assert said(fail) == "a.png cannot be opened (Permission denied): give yourself the right to it"


# --- what nobody has foreseen -------------------------------------------------------------------------------------


def test_an_expected_mistake_speaks_for_itself(here: Path):
    (here / "a.pth").write_bytes(b"nothing")
    assert said(lambda: read_pth(Path("a.pth"))) == (
        "a.pth cannot be read as a checkpoint (it is damaged or of another kind): replace it"
    )


def test_any_other_exception_is_one_line_that_says_where(here: Path):
    text = said(lambda: {}["dog"])
    assert text.startswith("KeyError 'dog' at test_sentences.py:") and "nobody has foreseen" in text
    assert said(lambda: np.zeros(3) @ np.zeros(4)).startswith("matmul: ")  # numpy's own ValueError


@pytest.mark.parametrize("act", [lambda: bytearray(2**60), lambda: fill_a_gpu()])
def test_too_little_memory(act: Callable):
    assert said(act).startswith("there is not enough memory (")


def fill_a_gpu() -> None:
    raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation")


# --- whose file it is ---------------------------------------------------------------------------------------------


def test_the_users_own_file_is_named_not_the_link_to_it(here: Path):
    own, folder = here / "data/mine/JPEGImages/a b.jpg", here / "results/mine/data/coco/JPEGImages"
    own.write_bytes(b"")
    folder.mkdir(parents=True)
    (folder / "train_1.jpg").symlink_to(own)
    made_of = {"results/mine/data/coco": "the annotations and pictures of dataset.coco"}

    def fail() -> None:
        raise ValueError("results/mine/data/coco/JPEGImages/train_1.jpg is truncated: copy the picture again")

    assert said(fail, made_of) == f"{own} is truncated: copy the picture again"


def test_what_was_made_of_the_users_files_names_them(here: Path):
    def fail() -> None:
        raise ValueError("results/mine/data/coco/labels.csv gives no class for 3 images: add their labels")

    made_of = {"results/mine/data/coco": "the annotations and pictures of dataset.coco"}
    assert said(fail, made_of).endswith(
        "(results/mine/data/coco was made from the annotations and pictures of dataset.coco: mend that, and what "
        "depends on it is made again)"
    )
    assert said(fail, {"results/other/data/coco": "others"}).endswith("add their labels")


@pytest.mark.parametrize("check", [check_images, check_masks], ids=lambda check: check.__name__)
def test_a_data_folder_that_is_none_is_told_so(here: Path, check: Callable):
    (here / "mine.zip").write_bytes(b"PK")
    for folder, words in (
        ("data/yours", "there is no folder data/yours, so put it there, or correct the path"),
        ("data/Mine", "data/Mine is missing, but data/mine is there"),
        ("mine.zip", "mine.zip is a file, and a folder is meant: unpack it"),
    ):
        assert words in said(lambda folder=folder: check(Path(folder), here / "list.csv", ["train"]))
