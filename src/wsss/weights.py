"""Initial weights from elsewhere: fetched, checked, and brought into the names of our networks.

``convert_backbone`` and ``convert_checkpoint`` read DeepLab checkpoints in the key names of K. Nakashima's
deeplab-pytorch: the MS-COCO DeepLab-v1 that published NSROM starts from, and NSROM's own released networks.
``convert_resnet38`` reads the ImageNet weights that the authors of ResNet-38 published for MXNet.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from wsss.artifacts import check_digest, written_aside
from wsss.backbones import CAFFE_IDENTITY, resnet38, resnet101_caffe
from wsss.checkpoints import CheckpointError, digest_in, fill, read_pth, save_checkpoint
from wsss.downloads import download
from wsss.mxnet_params import read_params
from wsss.progress import Progress
from wsss.resnet38 import RESNET38_IDENTITY
from wsss.resnet38 import our_name as resnet38_name
from wsss.weight_files import address, by_hand, cached

LAYERS = {"reduce": ("conv1", "bn1"), "conv3x3": ("conv2", "bn2"), "increase": ("conv3", "bn3")}
LAYERS["shortcut"] = ("downsample.0", "downsample.1")
KINDS = ("conv", "bn")
HEADS = ("aspp.", "fc.")  # class scores, which a backbone does not need


class WeightsError(ValueError):
    """Initial weights that are not to be had, in one sentence."""


def fetch(file: Path, progress: Progress, *, url: str | None = None, digest: str | None = None) -> None:
    """Makes ``file``: from torch's own cache if it is there, else by download from ``url`` or torchvision.

    ``digest``: the start of its sha256, by default what its name gives.  Raises ``WeightsError`` if the file has no
    address, ``DownloadError`` if it cannot be had, ``ArtifactError`` if the copy in the cache has another checksum;
    nothing is then left under its name.
    """
    if sentence := by_hand(file, url):
        raise WeightsError(sentence)
    digest, copy = digest or digest_in(file.name), cached(file.name)
    if not copy.exists():
        download(address(file.name, url), file, f"sha256:{digest}" if digest else None)
        return
    progress.say(f"{file.name} from {copy.parent}")
    with written_aside(file) as aside:
        shutil.copyfile(copy, aside)
        check_digest(aside, digest)


def convert_backbone(source: Path, target: Path, *, digest: str | None = None) -> None:
    """The backbone of a DeepLab checkpoint, heads left out, as safetensors for ``resnet101_caffe``.

    Raises ``CheckpointError`` if the file is missing, damaged, or has other keys or shapes, ``ArtifactError`` if it has
    another checksum.
    """
    network = resnet101_caffe()
    tensors = _read(source, digest)
    fill(network, {k.removeprefix("backbone."): v for k, v in tensors.items() if not k.startswith(HEADS)}, source)
    save_checkpoint(target, network, CAFFE_IDENTITY)


def convert_checkpoint(
    source: Path, target: Path, network: nn.Module, identity: dict[str, str], *, digest: str | None = None
) -> None:
    """A whole DeepLab-v2 checkpoint as ours; ``network`` has the layers that it must have.  Raises as above."""
    fill(network, _read(source, digest), source)
    save_checkpoint(target, network, identity)


def convert_resnet38(source: Path, target: Path, *, digest: str | None = None, width: int = 64) -> None:
    """The published ResNet-38 (MXNet, ImageNet), class scores left out, as safetensors for ``build_backbone``.

    ``width``: of a smaller network.  Raises as ``convert_backbone``.
    """
    theirs = {k: v for k, v in read_params(source, digest=digest or "").items() if not k.startswith("linear")}
    network = resnet38(width=width)
    fill(network, _renamed(theirs, resnet38_name, "ResNet-38 has not", source), source)
    save_checkpoint(target, network, RESNET38_IDENTITY)


def our_name(key: str) -> str | None:
    """A key of deeplab-pytorch in our names; ``None`` for one that is not of DeepLab on ResNet.

    ``layer1`` is the stem, ``base.`` and ``module.`` are wrappers; so ``base.layer2.block3.reduce.bn.weight`` is
    ``backbone.stages.1.2.bn1.weight``.
    """
    key = re.sub(r"^(module\.)?(base\.)?", "", key)
    if stem := re.fullmatch(r"layer1\.conv1\.(conv|bn)\.(\w+)", key):
        return f"backbone.stages.0.{KINDS.index(stem[1])}.{stem[2]}"
    if block := re.fullmatch(r"layer([2-5])\.block(\d+)\.(reduce|conv3x3|increase|shortcut)\.(conv|bn)\.(\w+)", key):
        layer = LAYERS[block[3]][KINDS.index(block[4])]
        return f"backbone.stages.{int(block[1]) - 1}.{int(block[2]) - 1}.{layer}.{block[5]}"
    if branch := re.fullmatch(r"aspp\.c(\d+)\.(\w+)", key):
        return f"aspp.branches.{branch[1]}.{branch[2]}"
    return key if key.startswith("fc.") else None


def _read(source: Path, digest: str | None) -> dict[str, Tensor]:
    whose = "DeepLab on ResNet-101 has not in deeplab-pytorch's names"
    return _renamed(read_pth(source, digest=digest), our_name, whose, source)


def _renamed(
    tensors: dict[str, Tensor], rename: Callable[[str], str | None], whose: str, source: Path
) -> dict[str, Tensor]:
    unknown = [key for key in tensors if rename(key) is None]
    if unknown:
        raise CheckpointError(f"{source} has the key '{unknown[0]}', which {whose}: give the right file")
    return {rename(key): value for key, value in tensors.items()}
