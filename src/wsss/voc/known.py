"""The archives as they are published: names, addresses and checksums; and the labels that ship with the project."""

from pathlib import Path

LABELS = Path(__file__).with_name("image_labels.csv")

FILES = {
    "trainval": "VOCtrainval_11-May-2012.tar",
    "sbd": "benchmark.tgz",
    "augmented": "SegmentationClassAug.zip",
    "test": "VOC2012test.tar",
}
DOWNLOADABLE = ("trainval", "sbd")


def address(archive: str) -> str:
    """Where torchvision gets "trainval" or "sbd" from."""
    return _torchvision(archive)[0]


def expected_checksum(archive: str, configured: str) -> str | None:
    """What a file has to have: for "known" what torchvision verifies (if anything), for "off" None, else a sha256."""
    if configured == "known":
        return f"md5:{_torchvision(archive)[1]}" if archive in DOWNLOADABLE else None
    return None if configured == "off" else f"sha256:{configured}"


def _torchvision(archive: str) -> tuple[str, str]:
    # Here, because planning a run needs only the names, and torchvision takes seconds to import.
    from torchvision.datasets import SBDataset
    from torchvision.datasets.voc import DATASET_YEAR_DICT

    if archive == "sbd":
        return SBDataset.url, SBDataset.md5
    voc = DATASET_YEAR_DICT["2012"]
    return voc["url"], voc["md5"]
