"""Where pictures, saliency maps and initial weights come from: sections of the configuration."""

from pathlib import PurePath
from typing import Literal

from pydantic import Field

from wsss.picture_bound import DEFAULT
from wsss.setting_types import FILE, PARAMS, Address, Name, Place, Section, Seed, Share, Year


class OpenMoji(Section):
    """The embedded data set; it is built only where `dataset.path` and `dataset.voc2012` are null."""

    size: int = Field(161, ge=33, description="side of a scene, px; 16k+1 puts feature maps exactly on the picture")
    train: int = Field(400, ge=1, description="training scenes; half of them simple, half complex")
    val: int = Field(300, ge=1, description="validation scenes")
    seed: Seed = Field(0, description="another value composes other scenes")


class Archive(Section):
    """An archive that has to be given."""

    path: Place | None = Field(
        None, description="the archive, or its unpacked folder; null: its usual name in `dataset.voc2012.downloads`"
    )
    checksum: str = Field(
        "known",
        pattern=r"^(known|off|[0-9a-f]{64})$",
        description="`known`: torchvision's, if it has one; a sha256 in hexadecimal; `off`: not verified",
    )


class PublicArchive(Archive):
    """An archive that can be downloaded."""

    url: Address | None = Field(None, description="where it is downloaded from; null: torchvision's address")


class AugmentedMasks(Archive):
    """SegmentationClassAug, in place of SBD."""

    path: Place | None = Field(
        None, description="folder or archive of the masks `{id}.png`; null: SBD's masks are used"
    )


class Figures(Section):
    """What the data are counted against before anything is made of them."""

    trainaug: int = Field(10582, ge=1, description="training images")
    simple: int = Field(6746, ge=0, description="training images with one class")
    complex: int = Field(3836, ge=0, description="training images with two or more classes")
    pairs: int = Field(15555, ge=1, description="(image, class) pairs in training images")
    val: int = Field(1449, ge=1, description="validation images")
    test: int = Field(1456, ge=1, description="test images")


class VOC2012(Section):
    """PASCAL VOC 2012 with the masks of SBD, or of a SegmentationClassAug if `augmented.path` names one."""

    downloads: Place = Field(
        "data/voc2012", description="folder where archives without a path are, or are downloaded to"
    )
    download: bool = Field(False, description="download `trainval` and `sbd` if they are not there")
    trainval: PublicArchive = PublicArchive()
    sbd: PublicArchive = PublicArchive()
    augmented: AugmentedMasks = AugmentedMasks()
    test: Archive = Archive()
    labels: Place | None = Field(None, description="image-level labels, CSV; null: those that ship with the project")
    expected: Figures = Figures()


class COCO(Section):
    """MS-COCO's instances as 81 labels; crowd regions are ignored."""

    annotations: Place = Field(description="folder of `instances_train{year}.json` and `instances_val{year}.json`")
    pictures: Place = Field(description="folder that holds `train{year}` and `val{year}`")
    year: Year = Field(2017, description="which split; the paper's is 2017")
    crowds: Literal["ignored", "objects"] = Field(
        "ignored", description="what `iscrowd: 1` means: a crowd, as in MS-COCO; or `objects`, painted ones of CVAT"
    )


class Saliency(Section):
    """Saliency maps of the training pictures, given or detected; null: they lie in the data set's folder `Saliency`."""

    maps: Place | None = Field(None, description="folder, zip or tar of precomputed maps `{id}.png`, also `.PNG`")
    model: Place | None = Field(None, description="U²-Net as an ONNX file, which makes the maps")
    url: Address | None = Field(None, description="where the file `model` is downloaded from if it is missing")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="of the archive of maps or of the model; needed with `url`"
    )
    batch_size: int = Field(8, ge=1, description="pictures that the model sees at once")
    detector: str | None = Field(
        None,
        min_length=1,
        description="which detector the maps are of, as tables call it; alone, that of the folder's own maps; null: "
        "U²-Net for `model`. The papers' are called `NSROM's authors' maps` and `PFAN, trained on DUTS`",
    )

    @property
    def made(self) -> bool:
        """Whether maps are imported or detected; else they lie in the data set's folder."""
        return self.maps is not None or self.model is not None


class Submission(Section):
    """What the target `submission` packs for the VOC server: predictions on `dataset.test_split`."""

    experiment: str = Field("nsrom", description="whose final network predicts")
    seed: Seed | None = Field(None, description="of which seed; null: the first of `seeds`")
    crf: bool = Field(True, description="refine the predictions with the dense CRF")


class Dataset(Section):
    """Where the pictures come from."""

    name: Name | None = Field(
        None,
        description="folder under `results/`; data that differ need a name of their own; null: that of the folder "
        "`path`, or voc2012, coco, openmoji",
    )
    path: Place | None = Field(None, description="folder in VOC layout; null: VOC 2012, or else the embedded data set")
    train_split: Name = Field("train", description="split that trains, as in `labels.csv`")
    val_split: Name = Field("val", description="split that is evaluated")
    test_split: Name | None = Field(None, description="split without labels that `submission` predicts")
    openmoji: OpenMoji = OpenMoji()
    voc2012: VOC2012 | None = Field(None, description="PASCAL VOC 2012; null: another data set")
    coco: COCO | None = Field(None, description="MS-COCO; null: another data set")
    largest_picture: int = Field(
        DEFAULT,
        ge=1,
        le=2**30,
        description="pixels of a picture, mask or map; a larger one is refused by its header, before it takes memory",
    )
    saliency: Saliency | None = Field(None, description="where saliency maps come from; null: folder `Saliency`")
    background: str | None = Field(
        None,
        description="the first name in `classes.txt`, if it is none of background, _background_, __background__, bg",
    )
    disagreement: Share = Field(
        0.05, description="share of a split's pictures whose mask and image-level label may differ; more are refused"
    )
    palette: Literal["voc", "any"] = Field(
        "voc", description="`any`: indices of masks mean classes whatever their colours; `voc`: VOC's colours or grey"
    )

    @property
    def made_of(self) -> str:
        """``voc2012``, ``coco``, ``openmoji`` (embedded), or ``folder``, one in VOC layout."""
        return "folder" if self.path else next((n for n in ("voc2012", "coco") if getattr(self, n)), "openmoji")

    @property
    def folder(self) -> str:
        """The folder under ``results/`` of what depends on the data alone; ``""`` if ``path`` gives no name."""
        return self.name or (PurePath(self.path).name if self.path else self.made_of)

    @property
    def saliency_detector(self) -> str:
        """Which detector the saliency maps are of, as tables say it."""
        if self.saliency is not None and (self.saliency.detector or self.saliency.model):
            return self.saliency.detector or "U²-Net"
        embedded = (self.path, self.voc2012, self.coco, self.saliency) == (None, None, None, None)
        return "drawn from true masks" if embedded else "of a detector that is not named"


class WeightFile(Section):
    """Where a file of weights is to be had, and what it is."""

    url: str | None = Field(None, description="address")
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{8,64}$",
        description="its checksum, or the start of it; checked wherever the file comes from",
    )


class Weights(Section):
    """Initial weights; a file that is missing is fetched, a name that ends in `-<start of its sha256>.pth` checked."""

    folder: Place = Field("data/weights", description="where they are kept")
    vgg16: str = Field("vgg16-397923af.pth", pattern=FILE, description="VGG-16 of torchvision, ImageNet")
    resnet101: str = Field("resnet101-63fe2227.pth", pattern=FILE, description="ResNet-101 of torchvision, ImageNet")
    resnet38: str = Field(
        "ilsvrc-cls_rna-a1_cls1000_ep-0001.params",
        pattern=PARAMS,
        description="ResNet-38 (model A1) of its authors, ImageNet, as published for MXNet",
    )
    coco: str = Field(
        "deeplabv1_resnet101-coco.pth",
        pattern=FILE,
        description="DeepLab-v1 on ResNet-101, trained on MS-COCO, in deeplab-pytorch's key names",
    )
    files: dict[str, WeightFile] = Field({}, description="address and checksum of files that torchvision does not host")
