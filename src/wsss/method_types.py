"""What the workflow has to know of a method; each one says it in the ``method.py`` of its subpackage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Settings = dict[str, Any]  # dotted key → value


@dataclass(frozen=True)
class Stage:
    """A step that leaves an artifact.

    ``upstream``: the stages, or roles, that it is computed from.  ``keys``: the settings that it reads itself, dotted;
    one that ends in a dot stands for its whole section.
    """

    upstream: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """A stage whose labels, or maps as labels, are compared with true masks: its name there, and its title in tables.

    ``folder``: "labels", or "maps" in the form of ``wsss.map_io``.
    """

    stage: str
    name: str
    title: str
    folder: str = "labels"


@dataclass(frozen=True)
class Method:
    """A method: how image-level labels become the labels that train the first round."""

    title: str
    supervision: Callable[[Settings], str]  # "I": image-level labels; "I+S": saliency maps as well
    stages: Mapping[str, Stage]
    labels: Callable[[Settings], str]  # the stage whose labels train the first round
    measured: tuple[Measured, ...] = ()
    # Whether its rules make these labels of validation pictures, too: they lie in the stage's folder ``val``.
    labels_validation: bool = False
    # The settings that tell, in the names of later artifacts, whose labels they were made from.
    chosen_by: frozenset[str] = frozenset({"method"})
    # Role → the stage behind it, where the settings choose between stages.
    roles: Mapping[str, Callable[[Settings], str]] = field(default_factory=dict)
    # The settings that do nothing to a stage of the method, given the others.
    unused: Callable[[str, Settings], set[str]] = lambda stage, settings: set()
    # Why settings that are valid alone cannot be had together, in a sentence; None if they can.
    problem: Callable[[Settings], str | None] = lambda settings: None

    def __post_init__(self) -> None:
        foreign = [m.stage for m in self.measured if m.stage not in self.stages]
        if foreign:
            raise ValueError(f"the method {self.title} measures '{foreign[0]}', which is none of its stages")
