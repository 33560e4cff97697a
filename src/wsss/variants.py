"""Which settings matter up to which stage, and the names of the resulting variants.

A stage's artifact lies under ``{stage}/{variant}/``.  The variant names the settings that differ from the baseline
*and* matter up to that stage, so experiments share every upstream artifact they can.
"""

from dataclasses import dataclass
from typing import Any

from wsss.config import Config, ConfigError, science_leaves, with_settings

Settings = dict[str, Any]

UPSTREAM = {
    "classifier": (),
    "cams": ("classifier",),
    "integral": ("classifier",),
    "integral_cams": ("integral",),
    "initial_labels": ("integral_cams",),
    "pseudo_labels": ("initial_labels", "cams"),
    "image_classifier": (),
    "patterns": ("image_classifier",),
    "projections": ("patterns", "image_classifier"),
    "estimated_masks": ("projections",),
    "word_encoder": (),
    "word_maps": ("word_encoder",),
    "background_score": ("word_maps",),
    "word_labels": ("word_maps", "score"),
    "round1": ("labels",),
    "predictions": ("round1",),
    "masked_labels": ("predictions", "labels"),
    "round2": ("second_labels",),
    "fully_supervised": (),
    "checkpoint": (),
    "evaluation": ("model",),
}
OWN_KEYS = {
    "classifier": ("classifier.", "attention."),
    "cams": ("cam.scales", "cam.align_corners"),
    "integral": ("integral.",),
    "integral_cams": ("cam.integral_scales", "cam.align_corners"),
    "initial_labels": ("fusion.", "cam.align_corners"),
    "pseudo_labels": ("mining.", "fusion.minimum_foreground", "cam.align_corners"),
    "image_classifier": ("classifier.",),
    "patterns": (
        "generic.block",
        "generic.input_scale",
        "generic.images_per_class",
        "generic.sign",
        "cam.align_corners",
    ),
    "projections": (),
    "estimated_masks": ("generic.crf", "generic.silent", "prediction.crf.", "cam.align_corners"),
    "word_encoder": (
        "classifier.backbone",
        "classifier.output_stride",
        "classifier.image_size",
        "classifier.jitter",
        "cam.align_corners",
        "smvwe.",
    ),
    "word_maps": ("smvwe.scales", "smvwe.mirror"),
    "background_score": (),
    "word_labels": ("smvwe.background_by", "smvwe.background_score"),
    "round1": ("segmentation.",),
    "predictions": ("prediction.",),
    "masked_labels": ("masking.",),
    "round2": ("segmentation.", "retraining."),
    "fully_supervised": ("segmentation.",),
    "checkpoint": ("segmentation.",),
    "evaluation": ("prediction.",),
}
# What only one method has: an experiment of another has none of these stages, and those settings do nothing to it.
STAGES_OF = {
    "nsrom": {
        "classifier", "cams", "integral", "integral_cams", "initial_labels", "pseudo_labels", "masked_labels",
    },
    "generic": {"image_classifier", "patterns", "projections", "estimated_masks"},
    "smvwe": {"word_encoder", "word_maps", "background_score", "word_labels"},
}  # fmt: skip
# Whose labels train the first round; NSROM has a choice.
LABELS_OF = {"generic": "estimated_masks", "smvwe": "word_labels"}
NSROM_ONLY = {
    f"classifier.{k}"
    for k in ("head", "width", "head_rule", "global_reasoning", "nodes", "reasoning_rule", "reasoning_scale")
}


def resolve(stage: str, settings: Settings) -> str:
    """The concrete stage behind a role: which labels train a round, which model is the experiment's result."""
    if stage == "labels":
        nsroms = "pseudo_labels" if settings["mining.enabled"] else "initial_labels"
        return LABELS_OF.get(settings["method"], nsroms)
    if stage == "score":  # a constant needs no stage: then it is the maps, which are there anyway
        return "background_score" if settings["smvwe.background_by"] == "saliency" else "word_maps"
    if stage == "second_labels":
        return "masked_labels" if settings["retraining.retrain_on"] == "masked" else "predictions"
    if stage == "model":
        ready = {"full": "fully_supervised", "checkpoint": "checkpoint"}.get(settings["segmentation.supervision"])
        if ready:
            return ready
        return "round1" if settings["retraining.retrain_on"] == "none" else "round2"
    return stage


def relevant_keys(stage: str, settings: Settings) -> set[str]:
    """The settings that can change the artifact of ``stage``."""
    stage = resolve(stage, settings)
    keys = {k for k in settings if k.startswith(OWN_KEYS[stage])}
    for role in UPSTREAM[stage]:
        keys |= relevant_keys(role, settings)
        # What chooses between two stages has to be told apart in the name as well.
        keys |= {"labels": _choice_of_labels(settings), "second_labels": {"retraining.retrain_on"}}.get(role, set())
        if role == "model":
            weak = settings["segmentation.supervision"] == "image_labels"
            keys |= {"segmentation.supervision", *(["retraining.retrain_on"] if weak else [])}
    if stage == "image_classifier":
        keys -= NSROM_ONLY
    if stage == "estimated_masks":
        unused = {k for k in keys if k.startswith("prediction.crf.")}
        keys -= {"prediction.crf.enabled"} if settings["generic.crf"] else unused
    if stage in STAGES_OF["smvwe"]:
        keys -= _without_effect_on_words(stage, settings)
    if not settings["classifier.global_reasoning"]:
        keys -= {"classifier.nodes", "classifier.reasoning_rule", "classifier.reasoning_scale"}
    if settings["segmentation.supervision"] != "checkpoint":
        keys.discard("segmentation.checkpoint")
    if not settings["masking.mask"]:
        keys -= {"masking.kernel", "masking.saliency_threshold"}
    if stage != "predictions" and "predictions" not in _stages(stage, settings):
        keys.discard("prediction.filter_by_labels")
    return keys


def _without_effect_on_words(stage: str, settings: Settings) -> set[str]:
    """The settings of SMVWE that do nothing, given the others or because they come later."""
    unused = {
        "word_encoder": {"smvwe.scales", "smvwe.mirror", "smvwe.background_by", "smvwe.background_score"},
        "word_labels": {"smvwe.background_score"} if settings["smvwe.background_by"] == "saliency" else set(),
    }.get(stage, set())
    if not settings["smvwe.saliency_feedback"]:
        unused = unused | {"smvwe.mu", "smvwe.delta", "smvwe.background_channel"}
    squashed = settings["smvwe.crop_size"] is None
    return unused | ({"smvwe.long_side"} if squashed else {"classifier.image_size"})


def _choice_of_labels(settings: Settings) -> set[str]:
    """What decides which labels train the first round; NSROM's names are from before there was a second method."""
    return {"mining.enabled"} if settings["method"] == "nsrom" else {"method"}


def _stages(stage: str, settings: Settings) -> set[str]:
    """All stages upstream of ``stage``."""
    stage = resolve(stage, settings)
    direct = {resolve(role, settings) for role in UPSTREAM[stage]}
    return direct.union(*(_stages(s, settings) for s in direct))


def _value_name(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "x".join(_value_name(v) for v in value)
    return str(value)


@dataclass(frozen=True)
class Variant:
    """The state of one stage: its name, and the settings behind it."""

    stage: str
    name: str
    settings: Settings  # all of them; only ``relevant`` may be used

    @property
    def relevant(self) -> Settings:
        return {k: self.settings[k] for k in sorted(relevant_keys(self.stage, self.settings))}


class Plan:
    """All variants that the experiments and sweeps of a config need, by stage and name.

    Raises ``ConfigError`` if two different settings would get one name.
    """

    def __init__(self, config: Config):
        self.config = config
        self.baseline = science_leaves(config)
        self.known: dict[tuple[str, str], Variant] = {}
        leaf_names = [k.rsplit(".", 1)[-1] for k in self.baseline]
        self.unique = {k for k in self.baseline if leaf_names.count(k.rsplit(".", 1)[-1]) == 1}
        for name in config.experiments:
            self._register(self.settings(name))
        for sweep in config.sweeps.values():
            for value in sweep.values:
                self._register(self.settings(sweep.experiment, **{sweep.key: value}))

    def settings(self, experiment: str, **deltas: Any) -> Settings:
        """All settings of an experiment, optionally with further deltas."""
        return with_settings(self.config, {**self.config.experiments[experiment].set, **deltas})

    def variant(self, stage: str, settings: Settings) -> Variant:
        """The variant of ``stage`` (or role) under ``settings``."""
        stage = resolve(stage, settings)
        changed = [k for k in sorted(relevant_keys(stage, settings)) if settings[k] != self.baseline[k]]
        parts = [f"{k.rsplit('.', 1)[-1] if k in self.unique else k}-{_value_name(settings[k])}" for k in changed]
        return Variant(stage, "_".join(parts).replace("/", "-") or "default", settings)

    def lookup(self, stage: str, name: str) -> Variant:
        """The variant called ``name``; raises ``ConfigError`` if no experiment of the config has it."""
        if (stage, name) not in self.known:
            raise ConfigError(
                f"no experiment or sweep of this config has the {stage} variant '{name}'; "
                f"known: {', '.join(n for s, n in self.known if s == stage)}"
            )
        return self.known[stage, name]

    def has(self, stage: str, settings: Settings) -> bool:
        """Whether the method of ``settings`` has the stage, and some experiment or sweep needs this variant of it."""
        variant = self.variant(stage, settings)
        foreign = set().union(*(stages for method, stages in STAGES_OF.items() if method != settings["method"]))
        return variant.stage not in foreign and (variant.stage, variant.name) in self.known

    def upstream(self, variant: Variant, role: str) -> Variant:
        """The variant of an earlier stage that ``variant`` is computed from."""
        return self.variant(role, variant.settings)

    def _register(self, settings: Settings) -> None:
        final = resolve("model", settings)
        for stage in {"evaluation", final} | _stages(final, settings):
            variant = self.variant(stage, settings)
            before = self.known.setdefault((stage, variant.name), variant)
            if before.relevant != variant.relevant:
                raise ConfigError(f"two settings would share the {stage} variant name '{variant.name}'")
