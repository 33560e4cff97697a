"""Predictions on VOC's test pictures as the evaluation server wants them, and a check of the archive.

The server's form: a tar.gz with ``results/VOC2012/Segmentation/comp6_test_cls/{id}.png``, palette PNGs of class
indices, each of its picture's size, for exactly the images of test.txt; comp6 is the competition that allows other
training data.
"""

import gzip
import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from wsss.artifacts import written_aside
from wsss.data import DataError, Picture
from wsss.label_io import VOC_PALETTE

PLACE = "results/VOC2012/Segmentation/comp6_test_cls"


class SubmissionError(DataError):
    """A submission that the server would refuse or misread, in one sentence."""


def pack(predictions: Path, pictures: Sequence[Picture], archive: Path, num_classes: int, progress: Callable) -> None:
    """Packs ``predictions/{id}.png`` of all ``pictures`` into ``archive`` (tar.gz) and checks it.

    The same predictions give the same bytes.  Raises ``SubmissionError`` naming the file, and then leaves no archive,
    if a prediction is missing, is of no picture, or is ill-formed (see ``check``).
    """
    expected = {f"{p.image_id}.png" for p in pictures}
    found = {file.name for file in Path(predictions).iterdir() if not file.name.startswith(".")}  # workflows' own marks
    _same_names(predictions, expected, found)
    with written_aside(archive) as aside:
        with (
            open(aside, "wb") as stream,
            gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as tar,
        ):
            for picture in progress(pictures):
                file = predictions / f"{picture.image_id}.png"
                data = file.read_bytes()
                _check_png(str(file), data, picture, num_classes)
                member = tarfile.TarInfo(f"{PLACE}/{picture.image_id}.png")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        check(aside, pictures, num_classes, progress)


def check(archive: Path, pictures: Sequence[Picture], num_classes: int, progress: Callable = iter) -> None:
    """Raises ``SubmissionError`` naming the first file of ``archive`` that is missing, too many, or ill-formed.

    Well-formed is a PNG in palette mode with VOC's colours, of its picture's size, with values 0..num_classes-1.
    """
    by_name = {f"{PLACE}/{p.image_id}.png": p for p in pictures}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = [m for m in tar if not m.isdir()]
            names = [m.name for m in members]
            _same_names(archive, set(by_name), set(names))
            if len(names) != len(set(names)):
                twice = next(n for n in names if names.count(n) > 1)
                raise SubmissionError(f"{archive} holds {twice} twice: pack it again")
            for member in progress(members):
                if not member.isfile():
                    raise SubmissionError(f"{archive}: {member.name} is no regular file: pack it again")
                data = tar.extractfile(member).read()
                _check_png(f"{archive}: {member.name}", data, by_name[member.name], num_classes)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise SubmissionError(f"{archive} cannot be read ({error}): pack it again") from error


def _same_names(where: Path, expected: set[str], found: set[str]) -> None:
    for names, wrong in ((expected - found, "lacks"), (found - expected, "has, beside what the test list names,")):
        if names:
            raise SubmissionError(
                f"{where} {wrong} {len(names)} files (first: {min(names)}): predict the test split again"
            )


def _check_png(name: str, data: bytes, picture: Picture, num_classes: int) -> None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind, mode, palette, values = image.format, image.mode, image.getpalette(), np.array(image)
    except (OSError, SyntaxError) as error:
        raise SubmissionError(f"{name} is no readable picture ({error}): predict it again") from error
    if (kind, mode) != ("PNG", "P"):
        raise SubmissionError(f"{name} is a {kind} of mode {mode}, not a palette PNG: write it as a label")
    colours = np.array(palette).reshape(-1, 3)[:num_classes]
    if len(colours) < num_classes or (colours != VOC_PALETTE[:num_classes]).any():
        raise SubmissionError(f"{name} has another palette than VOC's: write it as a label")
    if values.shape != (picture.height, picture.width):
        raise SubmissionError(
            f"{name} is {values.shape[1]}×{values.shape[0]} px, but its picture is {picture.width}×"
            f"{picture.height}: predict at the picture's size"
        )
    if values.max() >= num_classes:
        raise SubmissionError(
            f"{name} has the value {values.max()}, but classes are 0..{num_classes - 1}: predict it again"
        )
