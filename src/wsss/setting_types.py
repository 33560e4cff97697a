"""What settings are made of: kinds of values, the closed section, and the optimiser's section, which many have."""

import os
import re
from pathlib import PurePath
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _stride(value: int) -> int:
    if value not in (8, 16, 32):
        raise ValueError("input should be 8, 16 or 32")
    return value


def _path(value: str) -> str:
    """One spelling of a path: ``~`` and variables are replaced, ``./``, ``//`` and a slash at the end left out."""
    expanded = os.path.expanduser(os.path.expandvars(value))
    # Snakemake reads braces as wildcards and prints what it is given.
    if not value or re.search(r"[{}\x00-\x1f\x7f]", expanded):
        raise ValueError("input should be a path without braces and control characters")
    if unset := re.search(r"\$[A-Za-z_]\w*", expanded):
        raise ValueError(f"the environment has no variable {unset[0]}")
    return str(PurePath(expanded))


def _different(values: list[int]) -> list[int]:
    if twice := [v for v in values if values.count(v) > 1]:
        raise ValueError(f"{twice[0]} is listed twice, and what is counted twice is no second measurement")
    return values


def _year(value: int) -> int:
    if value not in (2014, 2017):
        raise ValueError("input should be 2014 or 2017")
    return value


Stride = Annotated[int, AfterValidator(_stride)]  # not a Literal, which would refuse numbers written as text
Year = Annotated[int, AfterValidator(_year)]  # the same
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(_different)]
Factor = Annotated[float, Field(gt=0, le=8)]  # a scale of pictures
Share = Annotated[float, Field(ge=0, le=1)]
Address = Annotated[str, Field(pattern=r"^(https?|ftp)://\S+$")]
Dilation = Annotated[int, Field(ge=1)]
Jitter = Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=4, max_length=4)]


FOLDER = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
FILE = r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*\.pth$"  # a file's name without a folder; it enters names of artifacts
PARAMS = r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*\.params$"  # the same, of MXNet
# Names that become targets, rules, or parts of paths: jobs of a cluster are started by a shell with them.
Name = Annotated[str, Field(pattern=FOLDER)]
Place = Annotated[str, AfterValidator(_path)]  # a file or folder of the user's, however it is called


class ConfigError(ValueError):
    """A mistake in the configuration, in one sentence."""


class Section(BaseModel):
    # Not strict: `--config` passes numbers in lists and mappings as text.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _nothing_as_text(cls, values: Any) -> Any:
        """``null`` of the command line, which is text like its numbers, where a setting may be null."""
        if not isinstance(values, dict):
            return values
        nullable = {n for n, field in cls.model_fields.items() if type(None) in get_args(field.annotation)}
        return {k: None if k in nullable and v == "null" else v for k, v in values.items()}


class Optimiser(Section):
    """How a network is optimised."""

    name: Literal["adamw", "adam", "sgd"] = Field("adamw", description="SGD uses momentum .9")
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
