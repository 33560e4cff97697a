"""The section of SMVWE's settings."""

from typing import Annotated, Literal

from pydantic import Field

from wsss.setting_types import Factor, Optimiser, Section, Share


class WordEncoding(Section):
    """SMVWE: visual word encoder and saliency feedback, trained jointly; the labels made of the maps."""

    words: int = Field(256, ge=1, le=65536, description="words N of the codebook")
    temperature: float = Field(0.02, gt=0, description="τ of Eq. 2, of distances that are in 0..2")
    distance: Literal["manhattan", "cosine"] = Field("manhattan", description="distance of a feature to a word (Eq. 1)")
    nearest_word: bool = Field(
        True, description="the nearest word is the most probable; false: the farthest, Eq. 2 as printed"
    )
    detach_features: bool = Field(True, description="the loss on word frequencies does not reach the backbone")
    image_loss: bool = Field(True, description="image-level loss on the maps' own logits; false: Eq. 10 as printed")
    saliency_feedback: bool = Field(True, description="saliency loss; false: the visual word encoder alone")
    mu: Share = Field(0.5, description="μ: weight of the background in the estimated saliency")
    delta: Share = Field(0.4, description="δ: a map whose overlap with the saliency exceeds it is foreground")
    background_channel: bool = Field(
        True, description="F_bg holds the background's own map (Eq. 6); false: Eq. 7 as printed"
    )
    long_side: list[Annotated[int, Field(ge=33)]] = Field(
        [256, 512], min_length=2, max_length=2, description="range of the random longer side, px, with `crop_size`"
    )
    crop_size: int | None = Field(
        None,
        ge=33,
        description="train on crops of this side, px, and make maps of pictures of their own size (published: 448); "
        "null: pictures are squashed to `classifier.image_size`",
    )
    epochs: int = Field(6, ge=1, description="passes over the training pictures")
    iterations: int | None = Field(None, ge=1, description="length in steps instead of epochs (full size: 20000, ours)")
    batch_size: int = Field(8, ge=1, description="pictures in a step")
    optimiser: Optimiser = Optimiser()
    scales: list[Factor] = Field([1.0, 1.5, 2.0], min_length=1, description="input scales whose maps are added")
    mirror: bool = Field(True, description="add the maps of the mirrored picture")
    background_score: Share = Field(
        0.2, description="a pixel is background where no map exceeds it, a map's maximum being 1"
    )
    background_by: Literal["constant", "saliency"] = Field(
        "constant",
        description="`saliency`: instead of `background_score`, the one that agrees best with the saliency maps",
    )
