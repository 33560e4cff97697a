"""Which settings matter up to which stage, and the names of the resulting variants.

A stage's artifact lies under ``{stage}/{variant}/``.  The variant names the settings that differ from the baseline
*and* matter up to that stage, so experiments share every upstream artifact they can.
"""

from dataclasses import dataclass
from typing import Any

from wsss.config import Config, ConfigError, science_leaves, with_settings
from wsss.method_types import Settings
from wsss.methods import METHODS, OWNERS, ROLES, STAGES


def resolve(stage: str, settings: Settings) -> str:
    """The concrete stage behind a role: which labels train a round, which model is the experiment's result."""
    if stage == "labels":
        return METHODS[settings["method"]].labels(settings)
    if stage in ROLES:
        return ROLES[stage](settings)
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
    keys = {k for k in settings if k.startswith(STAGES[stage].keys)}
    for role in STAGES[stage].upstream:
        keys |= relevant_keys(role, settings)
        # What chooses between two stages has to be told apart in the name as well.
        chosen_by = METHODS[settings["method"]].chosen_by
        keys |= {"labels": chosen_by, "second_labels": {"retraining.retrain_on"}}.get(role, set())
        if role == "model":
            weak = settings["segmentation.supervision"] == "image_labels"
            keys |= {"segmentation.supervision", *(["retraining.retrain_on"] if weak else [])}
    if stage in OWNERS:
        keys -= OWNERS[stage].unused(stage, settings)
    if settings["segmentation.supervision"] != "checkpoint":
        keys.discard("segmentation.checkpoint")
    return keys


def _stages(stage: str, settings: Settings) -> set[str]:
    """All stages upstream of ``stage``."""
    stage = resolve(stage, settings)
    direct = {resolve(role, settings) for role in STAGES[stage].upstream}
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
        own = OWNERS.get(variant.stage) in (None, METHODS[settings["method"]])
        return own and (variant.stage, variant.name) in self.known

    def chain(self, settings: Settings) -> list[Variant]:
        """All stages of an experiment, its evaluation among them."""
        final = resolve("model", settings)
        return [self.variant(stage, settings) for stage in sorted({"evaluation", final} | _stages(final, settings))]

    def upstream(self, variant: Variant, role: str) -> Variant:
        """The variant of an earlier stage that ``variant`` is computed from."""
        return self.variant(role, variant.settings)

    def _register(self, settings: Settings) -> None:
        for variant in self.chain(settings):
            before = self.known.setdefault((variant.stage, variant.name), variant)
            if before.relevant != variant.relevant:
                raise ConfigError(f"two settings would share the {variant.stage} variant name '{variant.name}'")
