"""What an experiment may vary: one section of typed settings per stage, from which `docs/config.md` is generated."""

from typing import Literal

from pydantic import Field

from wsss.methods import METHODS
from wsss.setting_types import FILE, Dilation, Factor, Jitter, Optimiser, Section, Share, Stride
from wsss.smvwe.settings import WordEncoding


class Classifier(Section):
    """The classification network; the integral attention model is a copy of it with its own head order."""

    backbone: Literal["efficientnet_lite0", "vgg16", "resnet101", "resnet38"] = Field(
        "efficientnet_lite0", description="feature extractor"
    )
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
    """The integral attention model (IAM), trained on the accumulated maps (published: on the classifier's schedule)."""

    epochs: int = Field(3, ge=1, description="passes over the training pictures (published: 15)")
    batch_size: int = Field(8, ge=1, description="pictures in a step (published: 5)")
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
    minimum_foreground: Share = Field(
        0.01, description="a pseudo label with less foreground than this share is all 255, mined or not"
    )


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
    reference_size: int | None = Field(
        None,
        ge=8,
        description="longer side, px, of the pictures that the kernels' widths are meant for (DeepLab's: 500), which "
        "they are scaled from; null: widths are in px of whatever picture it works on (published)",
    )
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
        description="`full` trains one round on true masks (`fully_supervised` only); `checkpoint` trains "
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
        False,
        description="pictures keep their size (published), aligned corners add or take a few px; "
        "false: squashed as in training",
    )
    scales: list[Factor] = Field([1.0], min_length=1, description="input scales")
    reduce: Literal["mean", "max"] = Field("mean", description="over scales and flips (published: max of logits)")
    flip: bool = Field(False, description="add the mirrored picture")
    crf: CRF = CRF()


class FirstRound(Section):
    """First-round predictions on the training pictures, where they differ from `prediction`."""

    scales: list[Factor] | None = Field(None, min_length=1, description="input scales; null: as in `prediction`")
    filter_by_labels: bool = Field(False, description="keep only the image-level classes")


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


class Generic(Section):
    """The saliency-free model with generic features: class patterns and the masks estimated from them."""

    block: str = Field(
        "C41",
        pattern=r"^(C41|C42|C43|\d+(\.\d+)*)$",
        description="whose features are used: C41, C42, C43, or a block of the classifier's backbone by stage and "
        "place, as 4.0",
    )
    input_scale: Factor = Field(1.5, description="input scale, of the classifier's image size (published: 1)")
    images_per_class: int = Field(
        800, ge=1, description="at most so many pictures give a class its pattern (COCO: 2000)"
    )
    sign: Literal["cam", "extremes", "border"] = Field(
        "cam",
        description="which end of a pattern is the object: the one that agrees with the class's CAM, the one that "
        "reaches farther (maximum plus minimum of a picture's projection is positive), or the one that is not at the "
        "pictures' border",
    )
    crf: bool = Field(True, description="refine the masks of pictures with one class by the dense CRF")
    silent: Literal["ignore", "background"] = Field(
        "ignore",
        description="a picture of one class without a pixel of it: all 255, so that it trains nothing, or background",
    )


class Science(Section):
    """Everything that an experiment may vary."""

    method: Literal[tuple(METHODS)] = Field("nsrom", description="which method makes the labels of the first round")
    classifier: Classifier = Classifier()
    attention: Attention = Attention()
    integral: Integral = Integral()
    cam: CAM = CAM()
    fusion: Fusion = Fusion()
    mining: Mining = Mining()
    segmentation: Segmentation = Segmentation()
    prediction: Prediction = Prediction()
    first_round: FirstRound = FirstRound()
    retraining: Retraining = Retraining()
    masking: Masking = Masking()
    generic: Generic = Generic()
    smvwe: WordEncoding = WordEncoding()
