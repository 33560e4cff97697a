"""A small ONNX model with U²-Net's inputs and outputs, written without the package onnx.

An ONNX file is one protocol-buffer message.  A field is its number and wire type (``number << 3 | type``), then a
varint (type 0) or a length and bytes (type 2); numbers are those of the public onnx.proto.
"""

import struct
from pathlib import Path

FLOAT = 1  # TensorProto.DataType


def write_model(
    path: Path, *, batch: int | None = None, channels: int = 3, side: int = 320, weights: tuple[float, ...] = (1, 0, 0)
) -> Path:
    """A 1×1 convolution: its one output, (N, 1, side, side), is the input's channels times ``weights``.

    ``batch`` None: any number of pictures.
    """
    weights = (*weights, *[0.0] * channels)[:channels]
    tensor = [_int(1, d) for d in (1, channels, 1, 1)] + [_int(2, FLOAT), _text(8, "w")]
    tensor.append(_field(9, struct.pack(f"<{channels}f", *weights)))
    node = _text(1, "x") + _text(1, "w") + _text(2, "saliency") + _text(4, "Conv")
    graph = _field(1, node) + _text(2, "tiny") + _field(5, b"".join(tensor))
    graph += _field(11, _value("x", (batch, channels, side, side)))
    graph += _field(12, _value("saliency", (batch, 1, side, side)))
    model = _int(1, 8) + _field(7, graph) + _field(8, _text(1, "") + _int(2, 13))  # IR version 8, operator set 13
    path.write_bytes(model)
    return path


def _value(name: str, shape: tuple[int | None, ...]) -> bytes:
    dimensions = b"".join(_field(1, _text(2, "n") if d is None else _int(1, d)) for d in shape)
    return _text(1, name) + _field(2, _field(1, _int(1, FLOAT) + _field(2, dimensions)))


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())
