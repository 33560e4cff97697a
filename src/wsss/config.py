"""The configuration: one closed, typed schema; an unknown or ill-typed key stops the run and is named.

The reference in ``docs/config.md`` is generated from the field descriptions (``python -m wsss.config_reference``).
"""

from types import UnionType
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from wsss.config_checks import (
    check_combination,
    check_compared,
    check_data,
    check_pairs,
    check_same_network,
    nearest,
)
from wsss.data_settings import Dataset, Submission, Weights
from wsss.methods import METHODS
from wsss.setting_types import ConfigError, Name, Place, Section, Seeds
from wsss.settings import Science


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
    compare: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = Field(
        [],
        description="pairs of rows, the one expected to be worse first, whose difference is judged beside the papers' "
        "claims; name them before anything is scored",
    )
    compare_classes_with: str | None = Field(
        None, description="such a file of the IoU of each class, to show beside that of the rows instead"
    )
    per_class: bool = Field(
        False, description="one row for each class and super-category instead; `compare_with` then names such numbers"
    )
    measure: Literal["scores", "labels", "boundaries", "methods"] = Field(
        "scores",
        description="scores: mIoU of the final predictions; labels: how good the labels are that train the first "
        "round, on training pictures; boundaries: recall, precision and F1 of the boundaries of labels, see `split`; "
        "methods: labels, scores, time and memory of experiments that share their segmentation network",
    )
    split: Literal["train", "val"] = Field(
        "train",
        description="`boundaries`: train: of the labels of each stage, on training pictures; val: of pseudo labels "
        "that are made of validation pictures for this table alone, by methods that need no saliency map for it",
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
    count: int = Field(8, ge=1, description="pictures shown, drawn by seed")
    simple: int = Field(0, ge=0, description="so many of them show one class, and come first; the others show more")
    images: list[str] = Field([], description="show these ids instead")


class FeatureFigure(Section):
    """A figure of what features show, one column for each experiment, all of the method that the kind belongs to."""

    title: str = Field(description="caption")
    kind: Literal["clouds", "variance", "seeds", "masks", "projections", "words"] = Field(
        description="clouds: descriptors of object and background on the first two eigenvectors of a class; variance: "
        "of a class's descriptors, explained by the first components; masks: pictures with their estimated masks; "
        "seeds: the same after object seeds of the classifier's CAMs; projections: pictures of the projections on the "
        "patterns of the classes shown (all these: `generic`); words: pictures of words, maps and labels (`smvwe`)"
    )
    experiments: list[str] = Field(min_length=1, description="names of experiments")
    count: int = Field(8, ge=1, description="pictures shown, or (clouds) giving the descriptors of a class")
    simple: int = Field(0, ge=0, description="so many of the pictures shown are of one class, and come first")
    images: list[str] = Field([], description="show these ids instead")
    classes: list[str] = Field(
        [], description="clouds, variance: these classes; empty: the two, or the one, that most pictures show"
    )
    components: int = Field(50, ge=2, description="variance: components shown")


# kind → method
FIGURES_OF = dict.fromkeys(("clouds", "variance", "seeds", "masks", "projections"), "generic") | {"words": "smvwe"}


WORD = r"^[^./\\\s{}][^/\\\s{}]*$"  # a class or context; the latter is a folder's name


class ConfusionFigure(Section):
    """A figure of pairs that are seen together: how far labels of a class spread over its context, and its IoU."""

    title: str = Field(description="caption")
    experiments: list[str] = Field(min_length=1, description="names of experiments")
    pairs: list[Annotated[list[Annotated[str, Field(pattern=WORD)]], Field(min_length=2, max_length=2)]] = Field(
        min_length=1, description="class and context: another class, or the name of a folder in `contexts`"
    )
    labels: Literal["pseudo", "final"] = Field(
        "pseudo",
        description="pseudo: labels that train the first round, on training pictures; final: the last network's "
        "predictions on validation pictures, after CRF",
    )
    contexts: Place | None = Field(
        None,
        description="folder of `{context}/{image id}.png`, of any bits, not 0 where a context that is no class is",
    )


class Boundaries(Section):
    """How boundaries of labels are compared with those of true masks; only evaluation depends on it."""

    tolerance: float = Field(
        0.0075, ge=0, le=1, description="how far apart two that match may be, as a share of the picture's diagonal"
    )


class Statistics(Section):
    """How differences are judged; only tables depend on it."""

    margin: float = Field(
        1.0, gt=0, description="points of mIoU below which a difference does not matter: such rows count as equivalent"
    )


class Release(Section):
    """What `make publish` gives to the DVC remote: all that its targets are made from, less what is left out."""

    leave_out: list[str] = Field([], description="patterns of outputs, relative to `results/{data set}/`")


class Resuming(Section):
    """How an interrupted training goes on; no result depends on it, and changing it reruns nothing."""

    save_minutes: float = Field(
        10.0, ge=0, description="minutes between saves of a training's state; 0: after every step"
    )


class Config(Science):
    """The whole configuration."""

    dataset: Dataset = Dataset()
    results: Name | None = Field(
        None,
        description="folder under `results/` of a second baseline on the same data; null: named as the data set",
    )
    weights: Weights = Weights()
    boundaries: Boundaries = Boundaries()
    statistics: Statistics = Statistics()
    release: Release = Release()
    resuming: Resuming = Resuming()
    seeds: Seeds = Field([0], description="every number is a mean over these")
    experiments: dict[Name, Experiment] = Field({}, description="rows by name")
    tables: dict[Name, Table] = Field({}, description="targets by name")
    sweeps: dict[Name, Sweep] = Field({}, description="targets by name")
    figures: dict[Name, Pictures] = Field({}, description="targets by name")
    feature_figures: dict[Name, FeatureFigure] = Field({}, description="targets by name")
    confusion_figures: dict[Name, ConfusionFigure] = Field({}, description="targets by name")
    submission: Submission = Submission()
    full_supervision: str | None = Field(
        "fully_supervised", description="the experiment whose mIoU retention is a share of; it may pass 100 %"
    )

    @property
    def folder(self) -> str:
        """The folder under ``results/`` that everything of this config goes to."""
        return self.results or self.dataset.folder


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
    check_data(config)
    check_pairs(config)
    _check_references(config)
    return _with_distinct_values(config)


def with_settings(config: Config, deltas: dict[str, Any]) -> dict[str, Any]:
    """Dotted settings of the baseline with ``deltas`` applied and checked; raises ``ConfigError``."""
    known = science_leaves(config)
    nested = config.model_dump(include=set(Science.model_fields))
    for key, value in deltas.items():
        if key not in known:
            raise ConfigError(f"There is no setting '{key}'{nearest(key, known)}.")
        *path, leaf = key.split(".")
        section = nested
        for name in path:
            section = section[name]
        section[leaf] = value
    try:
        settings = leaves(Science.model_validate(nested))
    except ValidationError as error:
        raise ConfigError(" ".join(_sentence(e) for e in error.errors())) from None
    check_combination(settings)
    return settings


def _with_distinct_values(config: Config) -> Config:
    """Values of sweeps as their settings hold them, each once: 1e-3, which YAML reads as text, is 0.001."""
    sweeps = {}
    for name, sweep in config.sweeps.items():
        values = [with_settings(config, {sweep.key: value})[sweep.key] for value in sweep.values]
        distinct = [value for i, value in enumerate(values) if value not in values[:i]]
        sweeps[name] = sweep.model_copy(update={"values": distinct})
    return config.model_copy(update={"sweeps": sweeps})


def _check_references(config: Config) -> None:
    for name, experiment in config.experiments.items():
        try:
            with_settings(config, experiment.set)
        except ConfigError as error:
            raise ConfigError(f"Experiment '{name}': {error}") from None
    full = config.full_supervision
    if "full_supervision" in config.model_fields_set and full not in (None, *config.experiments):
        raise ConfigError(f"full_supervision names the experiment '{full}', which is not defined; null: no retention.")
    used = [(f"tables.{n}", row) for n, t in config.tables.items() for row in t.rows]
    used += [(f"sweeps.{n}", s.experiment) for n, s in config.sweeps.items()]
    used += [(f"figures.{n}", e) for n, f in config.figures.items() for e in f.experiments]
    used += [(f"feature_figures.{n}", e) for n, f in config.feature_figures.items() for e in f.experiments]
    used += [(f"confusion_figures.{n}", e) for n, f in config.confusion_figures.items() for e in f.experiments]
    for where, row in used:
        if row not in config.experiments:
            raise ConfigError(
                f"{where} names the experiment '{row}', which is not defined{nearest(row, config.experiments)}."
            )
    for name, figure in config.feature_figures.items():
        method = FIGURES_OF[figure.kind]
        other = [e for e in figure.experiments if with_settings(config, config.experiments[e].set)["method"] != method]
        if other:
            raise ConfigError(f"feature_figures.{name} shows '{other[0]}', whose method is not {method}: take it out.")
    for name, figure in config.confusion_figures.items():
        _check_rows(config, f"confusion_figures.{name}", figure.experiments, weak=figure.labels == "pseudo")
    for name, table in config.tables.items():
        _check_rows(config, f"tables.{name}", table.rows, weak=table.measure in ("labels", "boundaries"))
        if table.compare_classes_with and (table.compare_with or table.per_class or table.measure != "scores"):
            raise ConfigError(
                f"tables.{name} has compare_classes_with, which belongs to tables of experiments: take it out."
            )
        if table.split == "val":
            _check_validated(config, name, table)
        if table.per_class and table.measure != "scores":
            raise ConfigError(f"tables.{name} has per_class, but measure is {table.measure}: only scores have classes.")
        check_compared(f"tables.{name}", table)
        if table.measure == "methods":
            check_same_network(
                f"tables.{name}", {e: with_settings(config, config.experiments[e].set) for e in table.rows}
            )
    for name, sweep in config.sweeps.items():
        for value in sweep.values:
            try:
                with_settings(config, {sweep.key: value})
            except ConfigError as error:
                raise ConfigError(f"Sweep '{name}': {error}") from None


def _check_rows(config: Config, where: str, rows: list[str], *, weak: bool) -> None:
    """Rows must differ in their labels, by which a reader tells them apart; ``weak``: and must have pseudo labels."""
    named: dict[str, str] = {}
    for row in dict.fromkeys(rows):
        experiment = config.experiments[row]
        if (other := named.setdefault(experiment.label, row)) != row:
            raise ConfigError(f"{where} shows '{other}' and '{row}', both labelled '{experiment.label}': rename one.")
        if weak and with_settings(config, experiment.set)["segmentation.supervision"] != "image_labels":
            raise ConfigError(f"{where} shows '{row}', which has no pseudo labels: take it out.")


def _check_validated(config: Config, name: str, table: Table) -> None:
    """A table of validation pictures' labels must be one of boundaries, whose methods can make them."""
    if table.measure != "boundaries":
        raise ConfigError(f"tables.{name} has the split val, but measure is {table.measure}: only boundaries have it.")
    for row in table.rows:
        method = with_settings(config, config.experiments[row].set)["method"]
        if not METHODS[method].labels_validation:
            raise ConfigError(
                f"tables.{name} shows '{row}' on validation pictures, of which {METHODS[method].title} makes no "
                "labels: take it out, or set split to train."
            )


def _sentence(error: dict) -> str:
    if error["loc"][-1] == "[key]":
        section, name = error["loc"][0], error["loc"][1]
        return f"{section} has the name {name!r}: use letters, digits, dots, dashes and underscores only."
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        parent, siblings = ".".join(str(part) for part in error["loc"][:-1]), _fields_at(error["loc"][:-1])
        valid = [f"{parent}.{name}" if parent else name for name in siblings]
        return f"There is no setting '{key}'{nearest(key, [*valid, *leaves(Config())])}."
    if error["input"] is None and error["type"] in ("model_type", "dict_type", "list_type"):
        return f"The setting '{key}' is empty, and nothing below it is set: take the line out, or write what it holds."
    wrong = error["msg"].removeprefix("Value error, ")
    hint = " (put it in quotes, or YAML reads no text)" if error["type"] == "string_type" else ""
    return f"The setting '{key}' is {error['input']!r}: {wrong[:1].lower()}{wrong[1:]}{hint}."


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
