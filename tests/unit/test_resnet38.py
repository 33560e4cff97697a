"""ResNet-38: its layers, and its weights from files as MXNet writes them."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from wsss.artifacts import ArtifactError, sha256
from wsss.backbones import build_backbone, resnet38
from wsss.checkpoints import CheckpointError
from wsss.mxnet_params import read_params
from wsss.nsrom.network import ActivationNetwork
from wsss.resnet38 import WideBlock, our_name
from wsss.weights import convert_resnet38

BLOCKS = {2: 3, 3: 3, 4: 6, 5: 3, 6: 1, 7: 1}
KINDS = {"float32": 0, "float64": 1, "float16": 2, "uint8": 3, "int32": 4, "int8": 5, "int64": 6}


def array(values: np.ndarray, version: int) -> bytes:
    """An NDArray as MXNet writes it, in one of the format's four versions (NDArray::Save)."""
    magic = [b"", *(struct.pack("<I", 0xF993FAC7 + v) for v in (1, 2, 3))][version]
    magic += struct.pack("<i", 0) if version >= 2 else b""  # dense
    extents = struct.pack(f"<{values.ndim}{'q' if version else 'I'}", *values.shape)
    context = struct.pack("<ii", 2, 0)  # written by a GPU
    kind = struct.pack("<i", KINDS[values.dtype.name])
    return magic + struct.pack("<I", values.ndim) + extents + context + kind + values.tobytes()


def params(arrays: dict[str, np.ndarray], version: int = 2) -> bytes:
    """A ``.params`` file (NDArray::Save of a list)."""
    names = [struct.pack("<Q", len(name)) + name.encode() for name in arrays]
    values = [array(v, version) for v in arrays.values()]
    count = struct.pack("<Q", len(arrays))
    return struct.pack("<QQ", 0x112, 0) + count + b"".join(values) + count + b"".join(names)


def published_names() -> list[str]:
    """All names of the published file, from the rule by which its authors built them."""
    norms = ("gamma", "beta", "moving_mean", "moving_var")
    names = ["arg:conv1a_weight", "arg:linear1000_weight", "arg:linear1000_bias"]
    for level, blocks in BLOCKS.items():
        for block in ["a", *(f"b{i}" for i in range(1, blocks))]:
            layers = ["branch2a", "branch2b1", *(["branch2b2"] if level > 5 else [])]
            names += [f"arg:res{level}{block}_{layer}_weight" for layer in layers]
            names += [f"arg:res{level}a_branch1_weight"] if block == "a" else []
            names += [f"bn{level}{block}_{layer}_{norm}" for layer in layers for norm in norms]
    names += [f"bn7_{norm}" for norm in norms]
    return [f"{'aux' if 'moving' in n else 'arg'}:{n}" if n.startswith("bn") else n for n in names]


def published(network: nn.Module) -> dict[str, np.ndarray]:
    """The state of a network under the published names."""
    state = network.state_dict()
    ours = {n: our_name(n[4:]) for n in published_names() if "linear" not in n}
    arrays = {n: state[ours[n]].numpy() for n in ours}
    return arrays | {"arg:linear1000_weight": np.zeros((1000, 8), np.float32)}


def scrambled(network: nn.Module) -> nn.Module:
    """No layer keeps what all layers of its kind start with."""
    torch.manual_seed(0)
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5)
    return network


@pytest.fixture(scope="module")
def small() -> nn.Module:
    return scrambled(resnet38(width=4))


# --- the network --------------------------------------------------------------------------------------------------


def test_a_block_adds_its_branch_to_its_input():
    """One channel, all kernels the identity: x + relu(relu(x)) in evaluation mode."""
    block = WideBlock(1, (1, 1), dilations=(1, 1)).eval()
    with torch.no_grad():
        for layer in block.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.zero_()
                layer.weight[0, 0, 1, 1] = 1
    x = torch.tensor([[[[-2.0, 3.0]]]])
    assert block(x).flatten().tolist() == pytest.approx([-2, 6], rel=1e-4)  # the norms' eps


def test_a_new_width_goes_through_the_activated_input():
    block = WideBlock(1, (1, 2), dilations=(1, 1)).eval()
    with torch.no_grad():
        for weight in block.parameters():
            weight.fill_(0.0 if weight.ndim == 4 and weight.shape[-1] == 3 else 1.0)
        block.activate[0].bias.zero_()
        block.branch[1][0].bias.zero_()
    out = block(torch.tensor([[[[-2.0, 3.0]]]]))
    assert out.flatten().tolist() == pytest.approx([0, 3, 0, 3], rel=1e-4)


def test_a_bottleneck_drops_out_before_its_second_and_third_convolution():
    block = WideBlock(4, (2, 4, 8), dilations=(1, 4, 1), dropout=0.3)
    layers = [m for m in block.branch.modules() if not isinstance(m, nn.Sequential)]
    between = [nn.BatchNorm2d, nn.ReLU, nn.Dropout2d, nn.Conv2d]
    assert [type(m) for m in layers] == [nn.Conv2d, *between, *between]
    assert [m.kernel_size for m in layers if isinstance(m, nn.Conv2d)] == [(1, 1), (3, 3), (1, 1)]
    assert not [m for m in WideBlock(4, (4, 4), dilations=(1, 1)).modules() if isinstance(m, nn.Dropout2d)]


def test_batch_norms_train():
    """AffinityNet freezes them; docs/judging.md says that these are not."""
    network = resnet38(width=4).train()
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms and all(m.training and m.weight.requires_grad for m in norms)


def test_the_published_layers_are_all_there():
    with torch.device("meta"):
        network = resnet38()
    branches = [n for n, m in network.named_modules() if isinstance(m, nn.Conv2d) and "shortcut" not in n]
    assert len(branches) == 1 + 2 * (3 + 3 + 6 + 3) + 3 * 2
    dilations = {m.dilation[0] for n, m in network.named_modules() if isinstance(m, nn.Conv2d) and "stages.4" in n}
    assert dilations == {1, 2}
    assert network.stages[4][0].branch[0].dilation == (1, 1) and network.stages[4][1].branch[0].dilation == (2, 2)
    assert network.stages[5][0].branch[2].dilation == network.stages[6][0].branch[2].dilation == (4, 4)
    dropouts = [m.p for m in network.modules() if isinstance(m, nn.Dropout2d)]
    assert dropouts == [0.3, 0.3, 0.5, 0.5]
    weights = {  # by level, in units of 64² weights: 3×3 branches, and the shortcut of the first block
        2: 9 * (2 + 5 * 4) + 2,
        3: 9 * (8 + 5 * 16) + 8,
        4: 9 * (32 + 11 * 64) + 32,
        5: 9 * (64 + 5 * 128) + 128,
        6: 128 + 9 * 128 + 512 + 512,
        7: 512 + 9 * 512 + 2048 + 2048,
    }
    kernels = sum(p.numel() for p in network.parameters() if p.ndim == 4)
    assert kernels == 9 * 3 * 64 + 64**2 * sum(weights.values())


def test_every_published_name_has_its_place(small):
    ours = [our_name(name[4:]) for name in published_names() if "linear" not in name]
    counters = {k for k in small.state_dict() if k.endswith("num_batches_tracked")}
    assert sorted(ours) == sorted(set(small.state_dict()) - counters)


@pytest.mark.parametrize(
    "key", ["res8a_branch2a_weight", "bn7_mean", "res2a_branch2a_gamma", "bn2a_branch1_gamma", "fc6_weight"]
)
def test_other_names_are_none_of_its(key):
    assert our_name(key) is None


def test_a_classifier_is_built_on_it():
    network = ActivationNetwork(resnet38(width=4), 5, head="convolutions", width=8, nodes=4, integral=False)
    assert network(torch.zeros(2, 3, 33, 41)).shape == (2, 5, 5, 6)


# --- MXNet's files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_are_read_as_they_were_written(tmp_path: Path, version: int, kind: str):
    values = {"arg:a": np.arange(6).reshape(1, 2, 3).astype(kind), "aux:b": np.array([7]).astype(kind)}
    (tmp_path / "x.params").write_bytes(params(values, version))
    read = read_params(tmp_path / "x.params")
    assert list(read) == ["a", "b"]
    for name, array in values.items():
        assert np.array_equal(read[name[4:]].numpy(), array) and read[name[4:]].numpy().dtype == array.dtype


@pytest.mark.parametrize("magic", ["c9fa93f9", "cafa93f9"])
def test_the_bytes_of_the_format_by_hand(tmp_path: Path, magic: str):
    """One array [1.0, 2.0] called "x", written out as by versions 2 and 3."""
    text = f"""
        1201000000000000 0000000000000000 0100000000000000
        {magic} 00000000 01000000 0200000000000000 01000000 00000000 00000000 0000803f 00000040
        0100000000000000 0100000000000000 78"""
    (tmp_path / "x.params").write_bytes(bytes.fromhex(text))
    assert read_params(tmp_path / "x.params")["x"].tolist() == [1, 2]


WHOLE = params({"arg:a": np.ones((2, 3), np.float32), "aux:b": np.zeros(4, np.float32)})


@pytest.mark.parametrize("size", range(1, len(WHOLE)))
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, size: int):
    (tmp_path / "x.params").write_bytes(WHOLE[:size])
    with pytest.raises(CheckpointError, match="ends too early") as caught:
        read_params(tmp_path / "x.params")
    assert str(tmp_path / "x.params") in str(caught.value) and "\n" not in str(caught.value)


def put(place: int, form: str, *values: int) -> bytes:
    """The whole file with other numbers at ``place``."""
    new = struct.pack(f"<{form}", *values)
    return WHOLE[:place] + new + WHOLE[place + len(new) :]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"PK" + WHOLE[2:], "does not begin as such files do"),
        (WHOLE + b"!", "1 bytes follow"),
        (put(16, "Q", 2**60), "claims 1152921504606846976 entries"),
        (put(28, "i", 1), "sparse"),
        (put(24, "I", 900), "900 dimensions"),
        (put(32, "I", 0), "0 dimensions"),
        (put(24, "Iii", 0xF993FACA, 1, 2), "sparse"),
        (put(24, "Iii", 0xF993FACA, 0, 0), "0 dimensions"),
        (put(24, "Iii", 0xF993FACA, 0, -1), "-1 dimensions"),
        (put(24, "I", 0xF993FACB), "dimensions"),
        (put(36, "q", -2), "the shape"),
        (put(36, "qq", 2**40, 2**40), "ends too early"),
        (put(60, "i", 12), "unknown type 12"),
        (params({"arg:a": np.ones(1, np.float32), "aux:a": np.ones(1, np.float32)}), "1 different names"),
        (WHOLE.replace(b"arg:a", b"arg:\xff"), "is no text"),
        (put(len(WHOLE) - 13, "Q", 5000), "5000 bytes"),
        (params({}), "0 arrays"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path, data: bytes, words: str):
    (tmp_path / "x.params").write_bytes(data)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_params(tmp_path / "x.params")
    assert str(tmp_path / "x.params") in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_asked_for_and_a_checksum_checked(tmp_path: Path):
    with pytest.raises(CheckpointError, match="is missing: put the weights there"):
        read_params(tmp_path / "x.params")
    (tmp_path / "x.params").write_bytes(WHOLE)
    assert read_params(tmp_path / "x.params", digest=sha256(tmp_path / "x.params")[:8])
    with pytest.raises(ArtifactError, match="sha256"):
        read_params(tmp_path / "x.params", digest="0" * 8)


# --- conversion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 2])
def test_converted_weights_are_the_published_ones(tmp_path: Path, small: nn.Module, version: int):
    (tmp_path / "x.params").write_bytes(params(published(small), version))
    convert_resnet38(tmp_path / "x.params", tmp_path / "x.safetensors", width=4)
    again = resnet38(width=4, weights=tmp_path / "x.safetensors").eval()
    floats = {k: v for k, v in small.state_dict().items() if v.is_floating_point()}
    assert all(torch.equal(again.state_dict()[k], v) for k, v in floats.items())
    x = torch.rand(1, 3, 17, 25)
    with torch.inference_mode():
        assert torch.equal(again(x)[-1], small.eval()(x)[-1])


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda a: a.pop("arg:bn7_gamma"), r"lacks 'stages\.6\.1\.weight'"),
        (lambda a: a.update({"arg:res9a_branch1_weight": np.ones(1, np.float32)}), "'res9a_branch1_weight', which"),
        (lambda a: a.update({"arg:bn7_gamma": np.ones(3, np.float32)}), "of shape 3, but the network needs 256"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, small: nn.Module, edit, words: str):
    arrays = published(small)
    edit(arrays)
    (tmp_path / "x.params").write_bytes(params(arrays))
    with pytest.raises(CheckpointError, match=words):
        convert_resnet38(tmp_path / "x.params", tmp_path / "x.safetensors", width=4)
    assert not (tmp_path / "x.safetensors").exists()


def test_it_has_no_weights_of_its_own():
    with pytest.raises(ValueError, match="resnet38 has no weights of its own"):
        build_backbone("resnet38", output_stride=8)
