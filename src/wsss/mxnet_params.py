"""MXNet's ``.params`` files, a list of named arrays, read without MXNet.

The format, little-endian (MXNet, ``src/ndarray/ndarray.cc``): uint64 0x112, uint64 0, uint64 number of arrays, the
arrays, uint64 number of names, and each name as a uint64 length and its bytes.  An array is

==========  ====================================================  ==========================
version     begins with                                           extents of the shape
==========  ====================================================  ==========================
3 (2019)    uint32 0xF993FACA, int32 storage type (0 is dense)    int32 count, int64 each
2 (2017)    uint32 0xF993FAC9, int32 storage type (0 is dense)    uint32 count, int64 each
1           uint32 0xF993FAC8                                     uint32 count, int64 each
0 (before)  nothing                                               uint32 count, uint32 each
==========  ====================================================  ==========================

and then int32 device type, int32 device id, int32 type of the values, and the values.  Version 3 follows
NumPy's rules for shapes: no dimension is a scalar, -1 of them are an unknown shape, extents of 0 are of an empty array
and not unknown; weights have none of these, and such arrays are refused in every version.
"""

import math
import mmap
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wsss.artifacts import check_digest
from wsss.checkpoints import CheckpointError

LIST_MAGIC, MAGIC_1, MAGIC_2, MAGIC_3 = 0x112, 0xF993FAC8, 0xF993FAC9, 0xF993FACA
TYPES = {0: "<f4", 1: "<f8", 2: "<f2", 3: "u1", 4: "<i4", 5: "i1", 6: "<i8"}
DIMENSIONS, NAME_BYTES = 8, 1024  # more, and the file is not one of weights


class _Reader:
    """Reads from ``data`` in order; everything that it is asked for is first compared with what is left."""

    def __init__(self, data: mmap.mmap, path: Path):
        self.data, self.path, self.place = data, path, 0

    def take(self, size: int) -> int:
        """Where the next ``size`` bytes begin; goes past them."""
        start, self.place = self.place, self.place + size
        if self.place > len(self.data):
            raise self.error("it ends too early", "is it truncated? copy it again")
        return start

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack_from(f"<{form}", self.data, self.take(struct.calcsize(f"<{form}")))

    def number(self, form: str) -> int:
        return self.numbers(form)[0]

    def error(self, what: str, advice: str = "give the right file") -> CheckpointError:
        return CheckpointError(f"{self.path} cannot be read as MXNet's weights: {what}; {advice}")


def read_params(path: Path, *, digest: str = "") -> dict[str, Tensor]:
    """The arrays of a ``.params`` file by name (``arg:`` and ``aux:`` taken off), on the CPU, in their own type.

    Memory is at most the arrays', which cannot be more than the file holds.  ``digest``: the start of its sha256, which
    is checked.  Raises ``CheckpointError`` if the file is missing, truncated, or holds anything else than dense arrays
    with names of their own, ``ArtifactError`` if it has another checksum.
    """
    if not Path(path).exists():
        raise CheckpointError(f"{path} is missing: put the weights there")
    check_digest(Path(path), digest)
    if not Path(path).stat().st_size:
        raise CheckpointError(f"{path} is empty: copy it again")
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        reader = _Reader(data, path)
        if reader.numbers("QQ") != (LIST_MAGIC, 0):
            raise reader.error("it does not begin as such files do")
        places = [_place(reader) for _ in range(_count(reader))]
        names = [_name(reader) for _ in range(_count(reader))]
        if reader.place != len(data):
            raise reader.error(f"{len(data) - reader.place} bytes follow the last name")
        if len(names) != len(places) or len(set(names)) != len(names) or not names:
            raise reader.error(f"it holds {len(places)} arrays and {len(set(names))} different names")
        return {name: _array(data, *place) for name, place in zip(names, places, strict=True)}


def _count(reader: _Reader) -> int:
    count = reader.number("Q")
    if count > len(reader.data) // 8:  # neither an array nor a name takes less
        raise reader.error(f"it claims {count} entries, more than fit in", "is it damaged? copy it again")
    return count


def _place(reader: _Reader) -> tuple[int, str, tuple[int, ...]]:
    """Where the values of the next array begin, their type, and their shape."""
    magic = reader.number("I")
    if magic in (MAGIC_2, MAGIC_3) and reader.number("i") != 0:
        raise reader.error("an array is sparse")
    versioned = magic in (MAGIC_1, MAGIC_2, MAGIC_3)
    dimensions = reader.number("i") if versioned else magic
    if not 1 <= dimensions <= DIMENSIONS:
        raise reader.error(f"an array has {dimensions} dimensions", "is it damaged? copy it again")
    shape = reader.numbers(f"{dimensions}{'q' if versioned else 'I'}")
    _, _, kind = reader.numbers("iii")
    if kind not in TYPES:
        raise reader.error(f"an array has values of the unknown type {kind}")
    if min(shape) < 1:
        raise reader.error(f"an array has the shape {shape}")
    return reader.take(math.prod(shape) * np.dtype(TYPES[kind]).itemsize), TYPES[kind], shape


def _name(reader: _Reader) -> str:
    size = reader.number("Q")
    if size > NAME_BYTES:
        raise reader.error(f"a name has {size} bytes", "is it damaged? copy it again")
    start = reader.take(size)
    try:
        return reader.data[start : start + size].decode("ascii").removeprefix("arg:").removeprefix("aux:")
    except UnicodeDecodeError:
        raise reader.error("a name is no text", "is it damaged? copy it again") from None


def _array(data: mmap.mmap, start: int, kind: str, shape: tuple[int, ...]) -> Tensor:
    values = np.frombuffer(data, kind, math.prod(shape), start).reshape(shape).copy()
    return torch.from_numpy(values)
