"""Huge pictures: refused by name, by their header, above a bound that is a setting."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsss.config import load_config
from wsss.data import read_picture
from wsss.label_io import read_gray, read_label
from wsss.picture_bound import DEFAULT, VARIABLE, check_pixels, stored_size


def encoded(width: int, height: int, **how) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).convert(how.pop("mode", "RGB")).save(stream, **how)
    return stream.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would be unpacked to gigabytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


def jpeg_that_claims(width: int, height: int) -> bytes:
    jpeg = bytearray(encoded(8, 8, format="JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(jpeg)


@pytest.mark.parametrize(
    "how",
    [
        {"format": "JPEG"},
        {"format": "JPEG", "progressive": True},
        {"format": "JPEG", "mode": "L", "exif": b"Exif\0\0" + bytes(60_000)},
        {"format": "PNG", "mode": "P"},
        {"format": "BMP"},
        {"format": "WEBP"},
    ],
    ids=str,
)
def test_the_size_is_read_from_the_header(how: dict):
    assert stored_size(encoded(37, 91, **how)) == (37, 91)


def test_a_header_that_tells_nothing_is_left_to_the_decoder():
    jpeg = encoded(37, 91, format="JPEG")
    for content in (b"", b"nothing", jpeg[:4], b"\xff\xd8" + b"\xff" * 50):
        assert stored_size(content) is None
    for length in range(len(jpeg)):
        assert stored_size(jpeg[:length]) in (None, (37, 91))


@pytest.mark.parametrize("read", [read_picture, read_label, read_gray])
def test_a_huge_file_is_refused_before_it_is_decoded(tmp_path: Path, read):
    for name, content in (("a.png", png_that_claims(60_000, 60_000)), ("b.jpg", jpeg_that_claims(60_000, 60_000))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ValueError, match=r"has 60000×60000 px, more than the 100000000 that dataset\.largest_pict"
        ) as e:
            read(tmp_path / name)
        assert str(tmp_path / name) in str(e.value)


def test_the_bound_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert load_config({}).dataset.largest_picture == DEFAULT
    assert load_config({"dataset": {"largest_picture": "400"}}).dataset.largest_picture == 400
    check_pixels("a.png", (10_000, 10_000))
    Image.fromarray(np.ones((20, 20), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setenv(VARIABLE, "399")
    with pytest.raises(ValueError, match=r"a\.png has 20×20 px, more than the 399"):
        read_label(tmp_path / "a.png")
    monkeypatch.setenv(VARIABLE, "400")
    assert read_label(tmp_path / "a.png").shape == (20, 20)


def test_what_pillow_refuses_by_itself_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Pillow's exception above 179 million pixels names no file."""
    monkeypatch.setenv(VARIABLE, "200000000")
    Image.fromarray(np.zeros((14_000, 14_000), np.uint8)).save(tmp_path / "a.png", compress_level=1)
    assert read_label(tmp_path / "a.png").shape == (14_000, 14_000)
