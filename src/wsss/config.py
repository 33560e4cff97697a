"""The configuration: one closed, typed schema; an unknown or ill-typed key stops the run and is named.

The reference in ``docs/config.md`` is generated from the field descriptions here (``python -m wsss.config_reference``).
"""

import difflib
from types import UnionType
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


class ConfigError(ValueError):
    """A mistake in the configuration, in one sentence."""


def _stride(value: int) -> int:
    if value not in (8, 16, 32):
        raise ValueError("input should be 8, 16 or 32")
    return value


Stride = Annotated[int, AfterValidator(_stride)]  # not a Literal, which would refuse numbers written as text
Factor = Annotated[float, Field(gt=0, le=8)]  # a scale of pictures
Share = Annotated[float, Field(ge=0, le=1)]
Address = Annotated[str, Field(pattern=r"^(https?|ftp)://\S+$")]
Dilation = Annotated[int, Field(ge=1)]
Jitter = Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=4, max_length=4)]


FOLDER = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
FILE = r"^[^/]+\.pth$"  # a file's name without a folder


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)  # not strict: `--config` passes numbers in lists as text


class OpenMoji(Section):
    """The embedded data set; it is built only where `dataset.path` and `dataset.voc2012` are null."""

    size: int = Field(161, ge=33, description="side of a scene, px; 16k+1 puts feature maps exactly on the picture")
    train: int = Field(400, ge=1, description="training scenes; half of them simple, half complex")
    val: int = Field(300, ge=1, description="validation scenes")
    seed: int = Field(0, description="another value composes other scenes")


class Archive(Section):
    """An archive that has to be given."""

    path: str | None = Field(
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

    downloads: str = Field("data/voc2012", description="folder where archives without a path are, or are downloaded to")
    download: bool = Field(False, description="download `trainval` and `sbd` if they are not there")
    trainval: PublicArchive = PublicArchive()
    sbd: PublicArchive = PublicArchive()
    augmented: Archive = Archive()
    test: Archive = Archive()
    labels: str | None = Field(None, description="image-level labels, CSV; null: those that ship with the project")
    expected: Figures = Figures()


class Saliency(Section):
    """Saliency maps of the training pictures, given or detected; null: they lie in the data set's folder `Saliency`."""

    maps: str | None = Field(None, description="folder, zip or tar of precomputed maps `{id}.png`")
    model: str | None = Field(None, description="U²-Net as an ONNX file, which makes the maps")
    url: Address | None = Field(None, description="where the file `model` is downloaded from if it is missing")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="of the archive of maps or of the model; needed with `url`"
    )
    batch_size: int = Field(8, ge=1, description="pictures that the model sees at once")


class Submission(Section):
    """What the target `submission` packs for the VOC server: predictions on `dataset.test_split`."""

    experiment: str = Field("nsrom", description="whose final network predicts")
    seed: int | None = Field(None, ge=0, description="of which seed; null: the first of `seeds`")
    crf: bool = Field(True, description="refine the predictions with the dense CRF")


class Dataset(Section):
    """Where the pictures come from."""

    name: str = Field("openmoji", pattern=FOLDER, description="folder under `results/`")
    path: str | None = Field(None, description="folder in VOC layout; null: VOC 2012, or else the embedded data set")
    train_split: str = Field("train", description="split that trains, as in `labels.csv`")
    val_split: str = Field("val", description="split that is evaluated")
    test_split: str | None = Field(None, description="split without labels that `submission` predicts")
    openmoji: OpenMoji = OpenMoji()
    voc2012: VOC2012 | None = Field(None, description="PASCAL VOC 2012; null: another data set")
    saliency: Saliency | None = Field(None, description="where saliency maps come from; null: folder `Saliency`")


class Optimiser(Section):
    """How a network is optimised."""

    name: Literal["adamw", "sgd"] = Field("adamw", description="SGD uses momentum .9")
    learning_rate: float = Field(1e-3, gt=0, le=1e30, description="of the backbone's weights")
    new_layer_factor: float = Field(5.0, gt=0, description="multiple of the rate for layers without ImageNet weights")
    bias_factor: float = Field(1.0, gt=0, description="multiple of the rate for biases (published SGD: 2)")
    weight_decay: float = Field(0.01, ge=0, description="decay of all parameters")
    bias_decay: Share = Field(1.0, description="multiple of the decay for biases (published segmentation: 0)")
    nesterov: bool = Field(False, description="Nesterov momentum (SGD)")
    schedule: Literal["poly", "step"] = Field("poly", description="poly decay, or division at `step_epochs`")
    power: float = Field(0.9, description="exponent of the poly schedule")
    update_every: int = Field(1, ge=1, description="steps between changes of the poly rate (published: 10)")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps with a linearly rising rate")
    step_epochs: list[int] = Field([5, 10], description="epochs at which the step schedule divides the rate by 10")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="arithmetic of the forward pass; bfloat16 saves memory and time on recent GPUs"
    )


class Classifier(Section):
    """The classification network; the integral attention model is a copy of it with its own head order."""

    backbone: Literal["efficientnet_lite0", "vgg16"] = Field("efficientnet_lite0", description="feature extractor")
    output_stride: Stride = Field(16, description="pixels per feature cell")
    image_size: int = Field(161, ge=33, description="every picture is squashed to this square, px (published: 256)")
    head: Literal["pretrained", "convolutions"] = Field(
        "pretrained", description="`convolutions`: the published three 3×3 layers; `pretrained`: the backbone's own"
    )
    width: int = Field(512, ge=1, description="channels of the `convolutions` head")
    head_rule: Literal["code", "paper"] = Field(
        "code",
        description="`convolutions` head: third ReLU after global reasoning (code), or one after each layer (paper)",
    )
    global_reasoning: bool = Field(True, description="global reasoning unit (GR) on or off")
    nodes: int = Field(32, ge=1, description="nodes N of the global reasoning unit (Figure 7)")
    reasoning_rule: Literal["code", "paper"] = Field(
        "code", description="Eq. 2: ReLU(V + AV + b)W as in published code, or ((I - A)V)W"
    )
    reasoning_scale: float = Field(
        0.0,
        ge=0,
        description="start of the weight of GR's last batch norm; 0: GR starts as the identity (published: 1)",
    )
    jitter: Jitter = Field([0.3, 0.3, 0.3, 0.1], description="brightness, contrast, saturation, hue jitter")
    epochs: int = Field(5, ge=1, description="passes over the training pictures")
    batch_size: int = Field(8, ge=1, description="pictures in a step")
    optimiser: Optimiser = Optimiser()


class Attention(Section):
    """Online attention accumulation (OAA) while the classifier trains."""

    first_epoch: int = Field(1, ge=0, description="first epoch, from 0, that accumulates")
    minimum_score: float = Field(0.1, ge=0, le=1, description="a class scored lower by the classifier adds nothing")


class Integral(Section):
    """The integral attention model (IAM), trained on the accumulated maps."""

    epochs: int = Field(3, ge=1, description="passes over the training pictures")
    batch_size: int = Field(8, ge=1, description="pictures in a step")
    optimiser: Optimiser = Optimiser()


class CAM(Section):
    """Export of class activation maps."""

    scales: list[Factor] = Field([1.5], min_length=1, description="input scales of the classifier's maps, averaged")
    integral_scales: list[Factor] = Field([1.0, 1.5], min_length=1, description="the same for the integral model")
    align_corners: bool = Field(True, description="maps are laid on the picture corner to corner (published: false)")


class Fusion(Section):
    """Initial labels from OA-CAMs and saliency ("background extraction")."""

    foreground: Share = Field(0.3, description="scores below it are set to 0")
    conflict: Share = Field(0.9, description="more than one score above it makes a pixel 255")
    uncertain_saliency: int = Field(
        32, ge=0, le=256, description="background with saliency of at least this (0..255) is 255"
    )
    confident_attention: Share = Field(0.8, description="background with an OA-CAM above this is 255")
    minimum_foreground: Share = Field(0.01, description="a label with less foreground than this share is all 255")


class Mining(Section):
    """Potential object mining (POM)."""

    enabled: bool = Field(True, description="off: the initial label is the pseudo label")
    background: Share = Field(0.3, description="T_bg of Eq. 5-6")
    rule: Literal["code", "paper"] = Field("code", description="fallback threshold: published code's, or Eq. 6's")


class CRF(Section):
    """Dense CRF after prediction."""

    enabled: bool = Field(True, description="refine predictions on the training pictures (evaluation reports both)")
    minimum_probability: Share = Field(0.05, description="only classes that reach it somewhere are refined")
    size: int | None = Field(None, ge=8, description="side of the square it works on, px; null: the picture's own size")
    iterations: int = Field(10, ge=1, description="mean-field iterations")
    positional_weight: float = Field(3.0, description="weight of the smoothness kernel")
    positional_std: float = Field(1.0, gt=0, description="its width, px")
    bilateral_weight: float = Field(4.0, description="weight of the appearance kernel")
    bilateral_std: float = Field(67.0, gt=0, description="its spatial width, px")
    colour_std: float = Field(3.0, gt=0, description="its width in 0..255 colour")


class Segmentation(Section):
    """The segmentation network: DeepLab-v2, or DeepLab-v1 LargeFOV with `rates: [12]` and `head_width: 1024`."""

    supervision: Literal["image_labels", "full", "checkpoint"] = Field(
        "image_labels",
        description="`full` trains on true masks: the bound, used by `fully_supervised` only; `checkpoint` trains "
        "nothing and scores `segmentation.checkpoint`",
    )
    checkpoint: str | None = Field(
        None, pattern=FILE, description="file in `weights.folder` in deeplab-pytorch's key names, for `checkpoint`"
    )
    backbone: Literal["efficientnet_lite0", "vgg16", "resnet101"] = Field("efficientnet_lite0", description="extractor")
    init: Literal["imagenet", "coco"] = Field(
        "imagenet", description="initial weights; `coco`: `weights.coco`, in the caffe form of ResNet-101 (published)"
    )
    output_stride: Stride = Field(16, description="pixels per cell of the last features")
    rates: list[Dilation] = Field(
        [1, 2, 4, 6], min_length=1, description="dilations of ASPP (published: 6, 12, 18, 24)"
    )
    head_width: int | None = Field(
        None, ge=1, description="channels of two hidden layers (fc6, fc7) in each branch; null: none (v2 on ResNet-101)"
    )
    decoder_width: int | None = Field(
        96, ge=1, description="channels of a decoder that adds the last stride-8 stage; null: none (published)"
    )
    align_corners: bool = Field(True, description="logits are laid on the picture corner to corner (published: false)")
    image_size: int = Field(161, ge=33, description="pictures are squashed to this square, px, then augmented")
    crop: int | None = Field(
        None, ge=33, description="train on crops of this side, px, of pictures that are not squashed (published: 321)"
    )
    scale: list[Factor] = Field([0.8, 1.25], min_length=2, max_length=2, description="range of the random scale")
    scale_choices: list[Factor] = Field(
        [], description="the random scale is one of these (published: .5, .75, 1, 1.25, 1.5); empty: uniform in `scale`"
    )
    loss_scales: list[Factor] = Field(
        [],
        description="multi-scale training: the loss is the sum over the input, the input at these scales, and their "
        "maximum, each on its own grid (published: .5, .75); empty: the input alone, against every second label",
    )
    recompute_scale_factor: bool = Field(
        True, description="scaled inputs are sampled as torch did before 1.6 (published numbers); false: as today"
    )
    jitter: Jitter = Field([0.1, 0.1, 0.1, 0.0], description="brightness, contrast, saturation, hue jitter")
    epochs: int = Field(6, ge=1, description="passes over the training pictures, in each round")
    iterations: int | None = Field(None, ge=1, description="length in steps instead of epochs (published: 20000)")
    batch_size: int = Field(8, ge=1, description="pictures in a batch")
    accumulate: int = Field(1, ge=1, description="batches whose gradients make a step (published: 2 of 5)")
    freeze_batch_norm: bool = Field(False, description="batch norms keep their pretrained state (published: true)")
    optimiser: Optimiser = Optimiser(learning_rate=2e-3, new_layer_factor=2.5)


class Prediction(Section):
    """Inference of the segmentation network."""

    original_size: bool = Field(
        False, description="pictures keep their size (published); false: squashed as in training"
    )
    scales: list[Factor] = Field([1.0], min_length=1, description="input scales")
    reduce: Literal["mean", "max"] = Field("mean", description="over scales and flips (published: max of logits)")
    flip: bool = Field(False, description="add the mirrored picture")
    filter_by_labels: bool = Field(False, description="first-round predictions keep only image-level classes")
    crf: CRF = CRF()


class Retraining(Section):
    """Which labels train the second round."""

    retrain_on: Literal["none", "predictions", "masked"] = Field(
        "masked", description="none: one round; predictions: the first round's; masked: after NSRM"
    )


class Masking(Section):
    """Non-salient region masking (NSRM)."""

    images: Literal["complex", "all"] = Field("complex", description="pictures it is applied to")
    expand: bool = Field(True, description="fill predicted background with objects of the pseudo label")
    mask: bool = Field(True, description="pixels outside the object mask become 255")
    kernel: int = Field(10, ge=1, description="side of the dilating box, px (published: 30 at 500 px); 1: no dilation")
    saliency_threshold: int = Field(0, ge=0, le=255, description="saliency above it is salient (published: 0)")
    minimum_foreground: Share = Field(0.01, description="a label with less foreground than this share is all 255")


class Science(Section):
    """Everything that an experiment may vary."""

    classifier: Classifier = Classifier()
    attention: Attention = Attention()
    integral: Integral = Integral()
    cam: CAM = CAM()
    fusion: Fusion = Fusion()
    mining: Mining = Mining()
    segmentation: Segmentation = Segmentation()
    prediction: Prediction = Prediction()
    retraining: Retraining = Retraining()
    masking: Masking = Masking()


class WeightFile(Section):
    """Where a file of weights is to be had, and what it is."""

    url: str | None = Field(None, description="address")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{8,64}$", description="its checksum, or the start of it")


class Weights(Section):
    """Initial weights; a file that is missing is fetched, a name that ends in `-<start of its sha256>.pth` checked."""

    folder: str = Field("data/weights", description="where they are kept")
    vgg16: str = Field("vgg16-397923af.pth", pattern=FILE, description="VGG-16 of torchvision, ImageNet")
    resnet101: str = Field("resnet101-63fe2227.pth", pattern=FILE, description="ResNet-101 of torchvision, ImageNet")
    coco: str = Field(
        "deeplabv1_resnet101-coco.pth",
        pattern=FILE,
        description="DeepLab-v1 on ResNet-101, trained on MS-COCO, in deeplab-pytorch's key names",
    )
    files: dict[str, WeightFile] = Field({}, description="address and checksum of files that torchvision does not host")


class Experiment(Section):
    """A row of a table: a label and its deltas from the baseline settings."""

    label: str = Field(description="how tables and figures call it")
    set: dict[str, Any] = Field({}, description="dotted key → value")


PAPER_DATASET = "voc2012"  # the name of the data set that the papers' numbers belong to


class Table(Section):
    """A table: experiments in order."""

    title: str = Field(description="caption")
    rows: list[str] = Field(min_length=1, description="names of experiments")
    compare_with: str | None = Field(
        None, description="file in `config/paper`, without `.csv`, of published methods to show above the rows"
    )


class Sweep(Section):
    """One key and its values, drawn as a curve."""

    title: str = Field(description="caption")
    key: str = Field(description="dotted key of a setting")
    values: list[Any] = Field(min_length=1, description="one chain each")
    experiment: str = Field("nsrom", description="the experiment it is varied from")
    axis: str = Field(description="label of the x axis")
    published_best: list[float] | None = Field(
        None, min_length=2, max_length=2, description="range that the paper calls best; shaded, on VOC 2012 only"
    )


class Pictures(Section):
    """A figure that shows pictures."""

    title: str = Field(description="caption")
    experiments: list[str] = Field([], description="columns of a qualitative figure")
    count: int = Field(8, ge=1, description="pictures shown, drawn by seed from those with two or more classes first")
    images: list[str] = Field([], description="show these ids instead")


class Release(Section):
    """What `make publish` gives to the DVC remote: all that its targets are made from, less what is left out."""

    leave_out: list[str] = Field([], description="patterns of outputs, relative to `results/{data set}/`")


class Config(Science):
    """The whole configuration."""

    dataset: Dataset = Dataset()
    results: str | None = Field(
        None, pattern=FOLDER, description="folder under `results/`; null: named as the data set. For a second baseline"
    )
    weights: Weights = Weights()
    release: Release = Release()
    seeds: list[int] = Field([0], min_length=1, description="every number is a mean over these")
    experiments: dict[str, Experiment] = Field({}, description="rows by name")
    tables: dict[str, Table] = Field({}, description="targets by name")
    sweeps: dict[str, Sweep] = Field({}, description="targets by name")
    figures: dict[str, Pictures] = Field({}, description="targets by name")
    submission: Submission = Submission()
    bound: str | None = Field("fully_supervised", description="the experiment that retention is measured against")

    @property
    def folder(self) -> str:
        """The folder under ``results/`` that everything of this config goes to."""
        return self.results or self.dataset.name


def leaves(model: BaseModel, prefix: str = "") -> dict[str, Any]:
    """All settings of a section as dotted key → value."""
    flat = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        nested = isinstance(value, BaseModel)
        flat |= leaves(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}": value}
    return flat


def science_leaves(config: Config) -> dict[str, Any]:
    """The settings that an experiment may vary, dotted key → value."""
    return {k: v for k, v in leaves(config).items() if k.split(".")[0] in Science.model_fields}


def load_config(raw: dict[str, Any]) -> Config:
    """Validates a nested mapping as read from YAML; raises ``ConfigError`` with one sentence per mistake."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(" ".join(_sentence(e) for e in error.errors())) from None
    _check_data(config)
    _check_references(config)
    return config


def with_settings(config: Config, deltas: dict[str, Any]) -> dict[str, Any]:
    """Dotted settings of the baseline with ``deltas`` applied and checked; raises ``ConfigError``."""
    known = science_leaves(config)
    nested = config.model_dump(include=set(Science.model_fields))
    for key, value in deltas.items():
        if key not in known:
            raise ConfigError(f"There is no setting '{key}'{_nearest(key, known)}.")
        *path, leaf = key.split(".")
        section = nested
        for name in path:
            section = section[name]
        section[leaf] = value
    try:
        settings = leaves(Science.model_validate(nested))
    except ValidationError as error:
        raise ConfigError(" ".join(_sentence(e) for e in error.errors())) from None
    _check_combination(settings)
    return settings


def _check_combination(settings: dict[str, Any]) -> None:
    """Settings that are valid alone but not together."""
    low, high = settings["segmentation.scale"]
    if low > high:
        raise ConfigError(f"segmentation.scale is [{low}, {high}]: give the smaller scale first.")
    for section in ("classifier", "segmentation"):
        if settings[f"{section}.backbone"] == "vgg16" and settings[f"{section}.output_stride"] != 8:
            raise ConfigError(f"{section}.output_stride is {settings[f'{section}.output_stride']}: vgg16 has 8.")
    if settings["segmentation.init"] == "coco" and settings["segmentation.backbone"] != "resnet101":
        backbone = settings["segmentation.backbone"]
        raise ConfigError(f"segmentation.init is coco, but segmentation.backbone is {backbone}: it must be resnet101.")
    if settings["segmentation.init"] == "coco" and settings["segmentation.output_stride"] != 8:
        raise ConfigError("segmentation.init is coco, whose network has the output stride 8: set it to 8.")
    if settings["segmentation.supervision"] == "checkpoint" and settings["segmentation.checkpoint"] is None:
        raise ConfigError("segmentation.supervision is checkpoint: name the file as segmentation.checkpoint.")
    if settings["segmentation.supervision"] == "checkpoint" and settings["segmentation.init"] != "coco":
        raise ConfigError(
            "segmentation.supervision is checkpoint, whose file has the caffe form: set segmentation.init to coco."
        )
    first, epochs = settings["attention.first_epoch"], settings["classifier.epochs"]
    if first >= epochs:
        raise ConfigError(
            f"attention.first_epoch is {first}, but the classifier's {epochs} epochs end with {epochs - 1}: no "
            "attention would be accumulated; lower it."
        )
    if settings["classifier.backbone"] == "vgg16" and settings["cam.align_corners"]:
        raise ConfigError("cam.align_corners is true, but vgg16's cells are centred between pixels: set it to false.")


def _check_data(config: Config) -> None:
    """Data keys that are valid alone but not together."""
    data, maps = config.dataset, config.dataset.saliency
    if data.voc2012 is not None:
        if data.path is not None:
            raise ConfigError("dataset.path and dataset.voc2012 both name the data: set one of them to null.")
        if (data.train_split, data.val_split) != ("trainaug", "val"):
            raise ConfigError("dataset.voc2012 has the splits trainaug and val: set train_split and val_split to them.")
        if data.test_split not in (None, "test"):
            raise ConfigError(f"dataset.test_split is '{data.test_split}', but dataset.voc2012 calls it test.")
        if maps is None:
            raise ConfigError("dataset.voc2012 has no saliency maps: set dataset.saliency.maps or .model.")
    if maps is not None:
        if (maps.maps is None) == (maps.model is None):
            raise ConfigError("dataset.saliency needs either maps or model: set exactly one of them.")
        if maps.url is not None and (maps.model is None or maps.sha256 is None):
            raise ConfigError("dataset.saliency.url needs dataset.saliency.model, the file to write, and its sha256.")
    if data.test_split is not None and config.submission.experiment not in config.experiments:
        raise ConfigError(
            f"submission.experiment is '{config.submission.experiment}', which is not defined"
            f"{_nearest(config.submission.experiment, config.experiments)}."
        )


def _check_references(config: Config) -> None:
    for name, experiment in config.experiments.items():
        try:
            with_settings(config, experiment.set)
        except ConfigError as error:
            raise ConfigError(f"Experiment '{name}': {error}") from None
    if "bound" in config.model_fields_set and config.bound not in (None, *config.experiments):
        raise ConfigError(f"bound names the experiment '{config.bound}', which is not defined; null means no bound.")
    used = [(f"tables.{n}", row) for n, t in config.tables.items() for row in t.rows]
    used += [(f"sweeps.{n}", s.experiment) for n, s in config.sweeps.items()]
    used += [(f"figures.{n}", e) for n, f in config.figures.items() for e in f.experiments]
    for where, row in used:
        if row not in config.experiments:
            raise ConfigError(
                f"{where} names the experiment '{row}', which is not defined{_nearest(row, config.experiments)}."
            )
    for name, sweep in config.sweeps.items():
        for value in sweep.values:
            try:
                with_settings(config, {sweep.key: value})
            except ConfigError as error:
                raise ConfigError(f"Sweep '{name}': {error}") from None


def _sentence(error: dict) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        parent, siblings = ".".join(str(part) for part in error["loc"][:-1]), _fields_at(error["loc"][:-1])
        valid = [f"{parent}.{name}" if parent else name for name in siblings]
        return f"There is no setting '{key}'{_nearest(key, [*valid, *leaves(Config())])}."
    return f"The setting '{key}' is {error['input']!r}: {error['msg'].lower()}."


def _fields_at(location: tuple) -> list[str]:
    model: Any = Config
    for part in location:
        field = getattr(model, "model_fields", {}).get(part)
        model = section_of(field.annotation) if field is not None else None
    return list(getattr(model, "model_fields", {}))


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, also where it may be null; None for a plain setting."""
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else [annotation]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _nearest(key: str, known) -> str:
    match = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
    if not match:
        leaf = key.rsplit(".", 1)[-1]
        match = [k for k in known if k.rsplit(".", 1)[-1] == leaf][:1]
    return f"; did you mean '{match[0]}'?" if match else ""
