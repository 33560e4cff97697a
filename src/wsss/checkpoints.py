"""Checkpoints: safetensors with the network's identity beside the weights; third-party ones as plain tensors."""

import json
import re
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from wsss.artifacts import check_digest, written_aside

DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")  # 20210203: eight hexadecimal digits as well


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
    fill(model, tensors, path)


def read_pth(path: Path, *, digest: str | None = None) -> dict[str, Tensor]:
    """The tensors of a third-party ``.pth`` file by name, on the CPU; nothing in the file can run code.

    ``digest``: the start of its sha256, which is checked; by default what its name gives, such as
    ``vgg16-397923af.pth`` (torch's convention).  Raises ``CheckpointError`` if the file is missing or
    holds something else, ``ArtifactError`` if it has another checksum.
    """
    if not Path(path).exists():
        raise CheckpointError(f"{path} is missing: put the checkpoint there")
    if Path(path).is_dir():
        raise CheckpointError(f"{path} is a folder: give the file that torch.save wrote, not one that was unpacked")
    check_digest(Path(path), digest or digest_in(Path(path).name))
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the library raises its own kinds for truncated and foreign files
        raise CheckpointError(_unreadable(Path(path), str(error))) from None
    if _is_state_dict(tensors):
        return tensors
    inner = [k for k, v in tensors.items() if _is_state_dict(v)] if isinstance(tensors, dict) else []
    if inner:
        raise CheckpointError(f"{path} holds its tensors under '{inner[0]}': save that state_dict alone there")
    raise CheckpointError(f"{path} does not hold one tensor for each name: save the network's state_dict there")


def _is_state_dict(value: object) -> bool:
    return isinstance(value, dict) and len(value) > 0 and all(isinstance(v, Tensor) for v in value.values())


def _unreadable(path: Path, error: str) -> str:
    """The sentence about a ``.pth`` file that torch does not load, from what it says or what the file begins with."""
    if more := re.search(r"Unsupported global: GLOBAL ([\w.]+)", error):
        return (
            f"{path} holds more than tensors ({more[1]}), which is not read since it could run code: save the "
            "network's state_dict alone there"
        )
    with open(path, "rb") as stream:
        begins = stream.read(64).lstrip().lower()
    if begins.startswith(b"version https://git-lfs"):
        return f"{path} is a pointer of Git LFS, not the file itself: fetch it with `git lfs pull`"
    if begins.startswith((b"<!doctype", b"<html", b"<?xml")):
        return f"{path} is a web page, not a checkpoint: download the file itself"
    reason = "it is empty" if not begins else "it is damaged or of another kind"
    return f"{path} cannot be read as a checkpoint ({reason}): replace it"


def digest_in(name: str) -> str:
    """The start of the sha256 that a file's name gives after its last dash; "" if it gives none, or a date."""
    match = re.search(r"-([0-9a-f]{8,64})\.\w+$", name)
    return match.group(1) if match and not DATE.fullmatch(match.group(1)) else ""


def fill(model: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Gives ``model`` the ``tensors`` of file ``path``; raises ``CheckpointError`` for the first that does not fit."""
    own = model.state_dict()
    # Files from before 2018, and those converted from other libraries, do not count batches.
    optional = {k for k in own if k.endswith("num_batches_tracked")}
    missing, unknown = [k for k in own if k not in tensors and k not in optional], [k for k in tensors if k not in own]
    if missing or unknown:
        what = f"lacks '{missing[0]}'" if missing else f"has '{unknown[0]}', which the network has not"
        raise CheckpointError(f"{path} {what}: it is a checkpoint of another network, so give the right file")
    for key, value in tensors.items():
        if value.shape != own[key].shape:
            shapes = "×".join(map(str, value.shape)), "×".join(map(str, own[key].shape))
            raise CheckpointError(
                f"{path} holds '{key}' of shape {shapes[0]}, but the network needs {shapes[1]}: "
                "give the file of this network and number of classes"
            )
    model.load_state_dict({**{k: own[k] for k in optional}, **tensors})


def _with_sorted_header(data: bytes) -> bytes:
    """The library writes metadata in random order; equal networks shall give equal bytes."""
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True, separators=(",", ":"))
    return data[:8] + header.encode().ljust(size) + data[8 + size :]
