"""Checkpoints: safetensors with the network's identity beside the weights."""

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import nn

from wsss.artifacts import written_aside


class CheckpointError(ValueError):
    """A checkpoint that does not fit, in one sentence."""


def save_checkpoint(path: Path, model: nn.Module, identity: dict[str, str]) -> None:
    """Writes parameters and buffers; ``identity`` says which network they belong to."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    with written_aside(Path(path)) as aside:
        aside.write_bytes(_with_sorted_header(save(tensors, metadata=identity)))


def load_checkpoint(path: Path, model: nn.Module, identity: dict[str, str]) -> None:
    """Loads a checkpoint into ``model``.  Raises ``CheckpointError`` if it is of another network or damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            found = stored.metadata() or {}
        tensors = load_file(path)
    except Exception as error:  # the library raises its own kinds for truncated and foreign files
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint ({error}): delete it and run the target again"
        ) from None
    differing = [k for k in identity if found.get(k) != identity[k]]
    if differing:
        key = differing[0]
        raise CheckpointError(
            f"{path} is a checkpoint with {key} '{found.get(key, 'unknown')}', but '{identity[key]}' is configured: "
            "train again or correct the config"
        )
    model.load_state_dict(tensors)


def _with_sorted_header(data: bytes) -> bytes:
    """The library writes metadata in random order; equal networks shall give equal bytes."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True, separators=(",", ":"))
    return data[:8] + header.encode().ljust(size) + data[8 + size :]
