"""Our DeepLab's state under the names of deeplab-pytorch."""

from torch import Tensor, nn

from wsss.weights import our_name


def published(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the state of a DeepLab on ``resnet101_caffe``, with the prefix of the multi-scale wrapper."""
    names = [f"layer1.conv1.{kind}" for kind in ("conv", "bn")]
    for layer in range(2, 6):
        for block in range(1, 24):
            parts = ("reduce", "conv3x3", "increase", "shortcut")
            names += [f"layer{layer}.block{block}.{part}.{kind}" for part in parts for kind in ("conv", "bn")]
    names += [f"aspp.c{i}" for i in range(4)]
    leaves = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    theirs = {our_name(f"{n}.{leaf}"): f"base.{n}.{leaf}" for n in names for leaf in leaves}
    return {theirs[k]: v.clone() for k, v in network.state_dict().items()}
