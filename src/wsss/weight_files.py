"""Where a file of initial weights is to be had, told without loading torch: planning a run asks for it."""

import os
from pathlib import Path

TORCHVISION = "https://download.pytorch.org/models/"
HOSTED = ("vgg16-", "resnet101-")  # of the files there, those that a network here can start from


def address(name: str, url: str | None) -> str | None:
    """Where a file of this name is downloaded from: ``url`` if one is configured, else torchvision's, if it has it."""
    return url or (TORCHVISION + name if name.startswith(HOSTED) else None)


def cached(name: str) -> Path:
    """Where torch's own cache has a file of this name, or would have it."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return Path(home).expanduser() / "hub" / "checkpoints" / name


def by_hand(file: Path, url: str | None) -> str | None:
    """The sentence that asks for a missing file which nothing can fetch; None for one that can be fetched."""
    if address(file.name, url) or cached(file.name).exists():
        return None
    return (
        f"{file} is missing and no address of it is known: put it there, or give its address as "
        f"`weights.files.{file.name}.url`"
    )
