"""Initial weights: fetched, checked, converted; what does not fit is named."""

import hashlib
import io
from argparse import Namespace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from deeplab_names import published

from wsss.artifacts import ArtifactError, sha256
from wsss.backbones import build_backbone, resnet101_caffe, vgg16_dilated
from wsss.checkpoints import CheckpointError, digest_in, read_pth
from wsss.deeplab import DeepLabV2
from wsss.downloads import DownloadError
from wsss.progress import Progress
from wsss.weight_files import by_hand, cached
from wsss.weights import WeightsError, convert_backbone, convert_checkpoint, fetch


def quiet() -> Progress:
    return Progress("test", io.StringIO(), io.StringIO())


@pytest.fixture(autouse=True)
def empty_hub(tmp_path, monkeypatch):
    """Torch's own cache, empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def hosted(tmp_path):
    """A file of weights, under a name that holds its checksum, and the address it can be fetched from."""
    (tmp_path / "host").mkdir()
    torch.save({"weight": torch.arange(3.0)}, tmp_path / "host" / "hosted.pth")
    digest = hashlib.sha256((tmp_path / "host" / "hosted.pth").read_bytes()).hexdigest()
    file = (tmp_path / "host" / "hosted.pth").rename(tmp_path / "host" / f"small-{digest[:8]}.pth")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=file.parent)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield file, f"http://127.0.0.1:{server.server_port}/{file.name}"
        server.shutdown()


def small_deeplab() -> DeepLabV2:
    return DeepLabV2(resnet101_caffe(width=8, blocks=(1, 1, 1, 1)), 5, rates=[6, 12])


# --- fetching -----------------------------------------------------------------------------------------------------


def test_torchs_own_cache_is_where_torch_has_it(monkeypatch, tmp_path):
    for home, cache in (("~/torch", None), (None, str(tmp_path / "cache")), (None, None)):
        for name, value in (("TORCH_HOME", home), ("XDG_CACHE_HOME", cache)):
            monkeypatch.delenv(name, raising=False)
            if value:
                monkeypatch.setenv(name, value)
        assert str(cached("a.pth")) == f"{torch.hub.get_dir()}/checkpoints/a.pth"


def test_only_what_nothing_can_fetch_is_to_be_put_there_by_hand(tmp_path, empty_hub):
    assert "a.pth is missing and no address of it is known" in by_hand(tmp_path / "a.pth", None)
    assert by_hand(tmp_path / "a.pth", "http://localhost/a.pth") is None
    assert by_hand(tmp_path / "vgg16-397923af.pth", None) is None
    empty_hub.mkdir(parents=True)
    (empty_hub / "a.pth").touch()
    assert by_hand(tmp_path / "a.pth", None) is None


def test_a_file_is_fetched_and_checked(hosted, tmp_path):
    file, url = hosted
    target = tmp_path / "weights" / file.name
    fetch(target, quiet(), url=url)
    assert target.read_bytes() == file.read_bytes()
    assert read_pth(target)["weight"].tolist() == [0, 1, 2]


def test_torchs_cache_is_used_first(hosted, empty_hub, tmp_path):
    file, _ = hosted
    empty_hub.mkdir(parents=True)
    (empty_hub / file.name).write_bytes(file.read_bytes())
    fetch(tmp_path / "weights" / file.name, quiet(), url="http://127.0.0.1:9/nothing")
    assert (tmp_path / "weights" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("digest", [None, "0" * 64])
def test_a_wrong_checksum_leaves_nothing(hosted, tmp_path, digest):
    target = tmp_path / "weights" / ("small-00000000.pth" if digest is None else "small.pth")
    with pytest.raises(DownloadError, match=r"has the sha256 .* instead of 0000"):
        fetch(target, quiet(), url=hosted[1], digest=digest)
    assert list(target.parent.iterdir()) == []


def test_without_network_the_error_says_which_file_to_put_where(tmp_path):
    target = tmp_path / "weights" / "vgg16-397923af.pth"
    with pytest.raises(DownloadError, match=r"get the file vgg16-397923af\.pth .* put it at .*weights/"):
        fetch(target, quiet(), url="http://127.0.0.1:9/vgg16-397923af.pth")
    assert list(target.parent.iterdir()) == []


def test_a_file_without_address_is_asked_for(tmp_path):
    with pytest.raises(WeightsError, match=r"coco\.pth is missing and no address .* put it there"):
        fetch(tmp_path / "coco.pth", quiet())


# --- reading ------------------------------------------------------------------------------------------------------


class Hostile:
    def __reduce__(self):
        return print, ("this must never run",)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda f: None, "is missing: put"),
        (lambda f: f.write_bytes(b"half a file"), r"checkpoint \(it is damaged or of another kind\): replace it"),
        (lambda f: f.write_bytes(b""), r"checkpoint \(it is empty\): replace it"),
        (lambda f: torch.save({"weight": Hostile()}, f), "holds more than tensors"),
        (
            lambda f: torch.save({"model": {"a": torch.zeros(1)}, "args": Namespace(lr=1)}, f),
            r"holds more than tensors \(argparse\.Namespace\), .* save the network's state_dict alone there",
        ),
        (lambda f: torch.save(torch.nn.Linear(1, 1), f), r"more than tensors \(torch\.nn\.modules\.linear\.Linear\)"),
        (
            lambda f: torch.save({"state_dict": {"a": torch.zeros(1)}, "epoch": 3}, f),
            "holds its tensors under 'state_dict': save that state_dict alone there",
        ),
        (lambda f: f.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "pointer of Git LFS"),
        (lambda f: f.write_text("<!DOCTYPE html>\n<title>Sign in</title>\n"), "is a web page, not a checkpoint"),
        (lambda f: f.mkdir(), "is a folder: give the file that torch.save wrote"),
        (lambda f: torch.save([torch.zeros(1)], f), "does not hold one tensor for each name"),
        (lambda f: torch.save({"epoch": 3}, f), "does not hold one tensor for each name"),
    ],
)
def test_bad_files_are_named(tmp_path, capsys, write, message):
    file = tmp_path / "some.pth"
    write(file)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_pth(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    assert "never" not in capsys.readouterr().out


def test_a_name_with_a_checksum_is_checked_when_read(hosted):
    hosted, _ = hosted
    assert read_pth(hosted)
    hosted.write_bytes(hosted.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match="sha256"):
        read_pth(hosted)


def test_a_configured_checksum_is_checked_wherever_the_file_comes_from(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "own.pth")
    good = sha256(tmp_path / "own.pth")
    assert read_pth(tmp_path / "own.pth", digest=good[:12])
    wrong = "0" * 8
    with pytest.raises(ArtifactError, match=rf"own\.pth has the sha256 {good[:8]}… instead of {wrong}…: .* replace it"):
        read_pth(tmp_path / "own.pth", digest=wrong)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("vgg16-397923af.pth", "397923af"),
        ("vit_h_14_swag-80465313.pth", "80465313"),  # of torchvision: digits only, but no day
        ("deeplab-20210203.pth", ""),
        ("deeplab-2021.pth", ""),
        ("checkpoint_70.4.pth", ""),
    ],
)
def test_a_date_in_a_name_is_no_checksum(name, digest):
    assert digest_in(name) == digest


# --- conversion ---------------------------------------------------------------------------------------------------


def test_a_checkpoint_keeps_its_values(tmp_path):
    torch.manual_seed(0)
    network = small_deeplab()
    torch.save(published(network), tmp_path / "theirs.pth")
    again = small_deeplab()
    convert_checkpoint(tmp_path / "theirs.pth", tmp_path / "ours.safetensors", again, {"classes": "5"})
    assert (tmp_path / "ours.safetensors").exists()
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.pop("base.layer3.block1.reduce.conv.weight"), "lacks 'backbone.stages.2.0.conv1.weight'"),
        (lambda t: t.update({"base.classifier.weight": torch.zeros(1)}), "has the key 'base.classifier.weight'"),
        (lambda t: t.update({"base.layer2.block9.reduce.conv.weight": torch.zeros(1)}), r"stages\.1\.8\.conv1"),
        (lambda t: t.update({"base.aspp.c0.bias": torch.zeros(21)}), "of shape 21, but the network needs 5"),
    ],
)
def test_other_keys_and_shapes_are_refused(tmp_path, edit, message):
    tensors = published(small_deeplab())
    edit(tensors)
    torch.save(tensors, tmp_path / "theirs.pth")
    with pytest.raises(CheckpointError, match=message) as caught:
        convert_checkpoint(tmp_path / "theirs.pth", tmp_path / "ours.safetensors", small_deeplab(), {})
    assert str(tmp_path / "theirs.pth") in str(caught.value)
    assert not (tmp_path / "ours.safetensors").exists()


def test_a_full_size_backbone_starts_from_the_converted_file(tmp_path):
    """Without counts of batches and with a head for other classes, as caffe models are converted."""
    torch.manual_seed(0)
    source = DeepLabV2(resnet101_caffe(), 2, rates=[1])
    tensors = {k.removeprefix("base."): v for k, v in published(source).items()}
    tensors = {k: v for k, v in tensors.items() if "num_batches" not in k and not k.startswith("aspp")}
    torch.save({**tensors, "fc.weight": torch.zeros(91, 2048, 1, 1), "fc.bias": torch.zeros(91)}, tmp_path / "coco.pth")
    convert_backbone(tmp_path / "coco.pth", tmp_path / "coco.safetensors")
    backbone = build_backbone("resnet101_caffe", output_stride=8, weights=tmp_path / "coco.safetensors")
    assert all(torch.equal(v, backbone.state_dict()[k]) for k, v in source.backbone.state_dict().items())


def test_torchvisions_vgg16_is_read(tmp_path):
    torch.manual_seed(0)
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in vgg16_dilated().state_dict().items()}
    layers = iter([0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28])
    tensors, names = {}, {}
    for key, shape in shapes.items():
        number = next(layers) if key.endswith("weight") else number  # noqa: F821
        names[key] = f"features.{number}.{key.rsplit('.', 1)[1]}"
        tensors[names[key]] = torch.randn(shape)
    torch.save({**tensors, "classifier.0.weight": torch.zeros(2, 2)}, tmp_path / "vgg16.pth")
    for name in ("vgg16", "vgg16_deeplab"):
        state = build_backbone(name, output_stride=8, weights=tmp_path / "vgg16.pth").state_dict()
        assert all(torch.equal(state[key], tensors[names[key]]) for key in shapes)


def test_a_backbone_without_weights_of_its_own_asks_for_them():
    with pytest.raises(ValueError, match="resnet101 has no weights of its own"):
        build_backbone("resnet101", output_stride=8)


def test_an_address_without_a_checksum_will_do(hosted, tmp_path):
    file, url = hosted
    fetch(tmp_path / "weights" / "anything.pth", quiet(), url=url)
    assert (tmp_path / "weights" / "anything.pth").read_bytes() == file.read_bytes()
