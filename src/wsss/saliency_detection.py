"""Saliency maps from a detector: U²-Net (Qin et al., Pattern Recognition 2020) as an ONNX file, run by onnxruntime."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from wsss.archives import verify
from wsss.arithmetic import math_threads
from wsss.artifacts import image_folder, is_done, written_aside
from wsss.batches import batches_of, chunks_of
from wsss.data import DataError, read_picture, squash
from wsss.data_files import pictures_in

SIZE = 320  # px, the side of U²-Net's input
MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, RGB
STD = np.array([0.229, 0.224, 0.225], np.float32)
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")  # the first that is there is used


def detect_saliency(
    model: Path,
    pictures: Path,
    ids: Sequence[str],
    *,
    maps: Path,
    manifest: Path,
    checksum: str | None,
    batch_size: int,
    progress: Callable,
    threads: int = 1,
    key: str | None = None,
) -> dict[str, str]:
    """Writes saliency maps of the pictures of ``ids`` to ``maps``, (H, W) 8-bit PNGs, and ``manifest``.

    ``key``: see ``image_folder``.  Returns which version of onnxruntime ran it on which provider.  Raises
    ``ArchiveError`` for a missing file or a wrong checksum, and ``DataError`` for a model that has not U²-Net's inputs
    and outputs.
    """
    verify(model, checksum)
    session, single = open_model(model, math_threads())
    files = pictures_in(pictures)
    read = lambda image_id: _input_and_size(files.get(image_id) or files.named(image_id))  # noqa: E731
    size = 1 if single else batch_size
    with image_folder(maps, manifest, key) as aside:
        chunks = chunks_of(ids, size, lambda image_id: is_done(aside, image_id))
        for chunk, (inputs, sizes) in progress(batches_of(chunks, read, threads), len(chunks), "batches"):
            scores = run_model(session, inputs.numpy(), model)
            for image_id, score, (height, width) in zip(chunk, scores, sizes.tolist(), strict=True):
                _write_gray(aside / f"{image_id}.png", to_map(score, (height, width)))
    import onnxruntime

    return {"onnxruntime": onnxruntime.__version__, "provider": session.get_providers()[0]}


def open_model(model: Path, threads: int = 1):
    """The model's onnxruntime session, and whether it takes single pictures only (its batch dimension is 1)."""
    try:
        import onnxruntime
    except ImportError:
        raise DataError(
            f"{model} needs onnxruntime, which is not installed: install it, or give precomputed maps with "
            "dataset.saliency.maps"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = [p for p in PROVIDERS if p in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=providers)
    except Exception as error:  # onnxruntime's own kinds, none of them public
        raise DataError(f"{model} cannot be read as an ONNX model ({error}): get the file again") from error
    shape = session.get_inputs()[0].shape
    # A dimension that is a name or None is free.
    wanted = (None, 3, SIZE, SIZE)
    fixed = [(a, b) for a, b in zip(shape, wanted, strict=False) if b is not None and isinstance(a, int)]
    if len(shape) != 4 or any(a != b for a, b in fixed) or (isinstance(shape[0], int) and shape[0] != 1):
        raise DataError(f"{model} takes an input of shape {shape}, not (N or 1, 3, {SIZE}, {SIZE}): give a U²-Net")
    return session, shape[0] == 1


def run_model(session, inputs: np.ndarray, model: Path) -> np.ndarray:
    """(N, 3, 320, 320) float32 inputs → the first output, (N, h, w) scores.  Raises ``DataError`` for another form."""
    name = session.get_inputs()[0].name
    scores = session.run([session.get_outputs()[0].name], {name: inputs})[0]
    if scores.ndim != 4 or scores.shape[:2] != (len(inputs), 1):
        raise DataError(f"{model} puts out the shape {list(scores.shape)}, not ({len(inputs)}, 1, h, w): give a U²-Net")
    if not np.isfinite(scores).all():
        raise DataError(f"{model} puts out values that are no numbers: get the file again")
    return scores[:, 0]


def to_input(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB → (3, 320, 320) float32: squashed, divided by its largest value, ImageNet-normalised."""
    values = squash(picture, SIZE).astype(np.float32)
    return np.ascontiguousarray(((values / max(values.max(), 1.0) - MEAN) / STD).transpose(2, 0, 1))


def to_map(score: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) float scores → saliency, ``size`` uint8: the least score becomes 0, the largest 255; constant: all 0."""
    low, high = float(score.min()), float(score.max())
    normalised = (score - low) / (high - low) if high > low else np.zeros_like(score)
    full = cv2.resize(normalised.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return (full * 255).round().astype(np.uint8)


def _input_and_size(path: Path) -> list[np.ndarray]:
    picture = read_picture(path)
    return [to_input(picture), np.array(picture.shape[:2])]


def _write_gray(path: Path, values: np.ndarray) -> None:
    with written_aside(path) as aside:
        aside.write_bytes(cv2.imencode(".png", values)[1].tobytes())
