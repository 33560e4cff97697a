"""From archives with VOC's layout to the ledger, with networks of the paper's size for a step or two."""

import csv
from pathlib import Path

import pytest
import torch
import yaml
from checkouts import Checkout, copy_repository
from deeplab_names import published
from torch import nn
from torchvision.models import vgg16
from torchvision.models.resnet import Bottleneck
from voc_standin import write_standin

from wsss.backbones import resnet101_caffe
from wsss.deeplab import DeepLabV2

VGG16, COCO = "vgg16-random.pth", "deeplabv1_resnet101-coco.pth"  # a name that promises no checksum
FEW_STEPS = {
    # Crops of the segmentation networks stay at 321 px, which needs the most memory; the rest is made short.
    "classifier": {"image_size": 128, "epochs": 2, "batch_size": 4},
    "integral": {"epochs": 1, "batch_size": 4},
    "fusion": {"minimum_foreground": 0.0},  # a network of random weights finds nothing: keep every label
    "masking": {"minimum_foreground": 0.0},
    "segmentation": {"iterations": 1, "batch_size": 1},
    "prediction": {"crf": {"iterations": 1}},
    "submission": {"experiment": "fully_supervised"},
    "tables": {"nsrom_table3": {"rows": ["fully_supervised", "nsrom"]}},
}
GIB = 1024  # MiB


def write_random_weights(folder: Path) -> None:
    """Writes random weights into torch's cache ``folder``."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(vgg16(weights=None).state_dict(), folder / VGG16)
    network = DeepLabV2(resnet101_caffe(), 21, rates=[6, 12, 18, 24])
    for block in (m for m in network.modules() if isinstance(m, Bottleneck)):
        nn.init.constant_(block.bn3.weight, 0.1)  # with frozen norms, 33 random blocks would otherwise overflow
    torch.save(published(network), folder / COCO)


@pytest.mark.slow
def test_from_archives_to_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "checkout"
    copy_repository(folder)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    write_random_weights(tmp_path / "torch/hub/checkpoints")
    section = write_standin(tmp_path / "archives", train=8, val=2, test=2).dataset_section("voc2012")
    (folder / "few.yaml").write_text(yaml.safe_dump({"dataset": section, "weights": {"vgg16": VGG16}, **FEW_STEPS}))
    checkout = Checkout(folder, ("config/voc2012.yaml", "few.yaml"))
    checkout.snakemake("nsrom_table3", "ledger", "submission")

    results = folder / "results/voc2012"
    with open(results / "tables/ledger.csv", newline="") as stream:
        ledger = {row["number"]: row for row in csv.DictReader(stream)}
    assert float(ledger["nsrom_table3_nsrom"]["ours"]) >= 0
    assert "pictures 2 instead of 1449" in ledger["nsrom_table3_nsrom"]["verdict"]
    assert {row["verdict"] for number, row in ledger.items() if number != "nsrom_table3_nsrom"} == {"not run"}
    assert (results / "submission/fully_supervised_seed-0.tar.gz").is_file()
    for file in (results / "benchmarks").glob("train_*/*.tsv"):
        names, values = (line.split("\t") for line in file.read_text().splitlines())
        assert float(dict(zip(names, values, strict=True))["max_rss"]) < 16 * GIB, file
