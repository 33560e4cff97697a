"""Variants: what experiments share, and what one more of them adds."""

from pathlib import Path

import pytest
import yaml

from wsss.config import ConfigError, load_config
from wsss.variants import Plan, relevant_keys, resolve

CONFIGS = Path(__file__).resolve().parents[2] / "config"
EXPERIMENTS = {
    "nsrom": {"label": "NSROM"},
    "baseline": {
        "label": "baseline",
        "set": {"classifier.global_reasoning": False, "mining.enabled": False, "retraining.retrain_on": "none"},
    },
    "full": {"label": "full supervision", "set": {"segmentation.supervision": "full"}},
}
BEFORE_MASKING = {
    "classifier", "cams", "integral", "integral_cams", "initial_labels", "pseudo_labels", "round1", "predictions"
}  # fmt: skip


def plan_of(**sections) -> Plan:
    return Plan(load_config({"experiments": EXPERIMENTS, **sections}))


def sweep(key, *values, experiment="nsrom"):
    return {"curve": {"title": "", "axis": "", "key": key, "values": list(values), "experiment": experiment}}


def added(key, *values, experiment="nsrom") -> set[tuple[str, str]]:
    """The artifacts that a sweep adds to those of the experiments."""
    return plan_of(sweeps=sweep(key, *values, experiment=experiment)).known.keys() - plan_of().known.keys()


def merge(base: dict, overlay: dict) -> dict:
    both = {k: merge(base[k], v) if isinstance(v, dict) and k in base else v for k, v in overlay.items()}
    return {**base, **both}


def test_the_baseline_is_called_default_at_every_stage():
    plan = plan_of()
    nsrom = plan.settings("nsrom")
    for stage in (*BEFORE_MASKING, "masked_labels", "round2", "evaluation"):
        assert plan.variant(stage, nsrom).name == "default"
        assert (stage, "default") in plan.known


def test_names_tell_what_differs_and_matters():
    plan = plan_of()
    settings = plan.settings("baseline")
    assert plan.variant("classifier", settings).name == "global_reasoning-off"
    assert plan.variant("initial_labels", settings).name == "global_reasoning-off"
    assert plan.variant("round1", settings).name == "global_reasoning-off_enabled-off".replace(
        "enabled", "mining.enabled"
    )
    assert plan.variant("classifier", plan.settings("full")).name == "default"


def test_a_name_whose_last_part_is_ambiguous_is_written_in_full():
    plan = plan_of()
    settings = plan.settings("nsrom", **{"classifier.epochs": 9, "masking.kernel": 7})
    assert plan.variant("classifier", settings).name == "classifier.epochs-9"
    assert plan.variant("masked_labels", settings).name == "classifier.epochs-9_kernel-7"


def test_names_are_single_folders():
    plan = plan_of()
    settings = plan.settings("nsrom", **{"cam.scales": [0.5, 1.0], "prediction.crf.size": 65, "mining.background": 0.5})
    for stage in ("cams", "pseudo_labels", "evaluation"):
        name = plan.variant(stage, settings).name
        assert "/" not in name and " " not in name and "scales-0.5x1.0" in name


def test_roles_resolve_to_stages():
    settings = plan_of().settings("nsrom")
    assert resolve("labels", settings) == "pseudo_labels"
    assert resolve("labels", settings | {"mining.enabled": False}) == "pseudo_labels"
    assert resolve("mining_maps", settings) == "cams"
    assert resolve("mining_maps", settings | {"mining.enabled": False}) == "integral_cams"
    assert resolve("second_labels", settings) == "masked_labels"
    assert resolve("second_labels", settings | {"retraining.retrain_on": "predictions"}) == "predictions"
    assert resolve("model", settings) == "round2"
    assert resolve("model", settings | {"retraining.retrain_on": "none"}) == "round1"
    assert resolve("model", settings | {"segmentation.supervision": "full"}) == "fully_supervised"


def test_a_kernel_sweep_adds_nothing_before_masking():
    new = added("masking.kernel", 5)
    assert new == {("masked_labels", "kernel-5"), ("round2", "kernel-5"), ("evaluation", "kernel-5")}


def test_one_more_value_adds_exactly_its_own_chain():
    two, three = added("masking.kernel", 5, 15), added("masking.kernel", 5, 15, 20)
    assert three - two == {(stage, "kernel-20") for stage in ("masked_labels", "round2", "evaluation")}
    assert two - three == set()
    new = added("classifier.nodes", 16)
    assert {stage for stage, _ in new} == BEFORE_MASKING | {"masked_labels", "round2", "evaluation"}
    assert {name for _, name in new} == {"nodes-16"}


def test_the_baselines_own_value_adds_nothing():
    plan = plan_of()
    assert added("masking.kernel", plan.baseline["masking.kernel"]) == set()
    assert added("classifier.nodes", plan.baseline["classifier.nodes"]) == set()


def test_settings_without_effect_are_not_relevant():
    # Without the unit its nodes do nothing; with one round masking does nothing; full supervision needs no classifier.
    assert added("classifier.nodes", 16, 64, experiment="baseline") == set()
    assert added("masking.kernel", 5, experiment="baseline") == set()
    assert added("classifier.epochs", 9, experiment="full") == set()
    assert added("first_round.filter_by_labels", True, experiment="baseline") == set()
    assert added("first_round.filter_by_labels", True) != set()


def test_without_mining_the_initial_labels_are_shared_and_no_cams_are_made():
    plan = plan_of()
    mined, unmined = plan.settings("nsrom"), plan.settings("nsrom", **{"mining.enabled": False})
    assert plan.variant("initial_labels", unmined).name == plan.variant("initial_labels", mined).name == "default"
    assert plan.variant("pseudo_labels", unmined).name == "mining.enabled-off"
    assert "cams" not in {v.stage for v in plan.chain(plan.settings("baseline"))}
    assert {s for s, _ in added("fusion.minimum_foreground", 0.02)} >= {"pseudo_labels", "round1"}
    assert "initial_labels" not in {s for s, _ in added("fusion.minimum_foreground", 0.02)}
    assert added("mining.background", 0.5, experiment="baseline") == set()


def test_scales_of_the_first_round_change_what_is_made_of_it():
    stages = {stage for stage, _ in added("first_round.scales", [1.0, 2.0])}
    assert stages == {"predictions", "masked_labels", "round2", "evaluation"}
    assert added("first_round.scales", [1.0, 2.0], experiment="baseline") == set()


def test_maps_know_how_their_scales_were_laid_on_each_other():
    assert {"cams", "integral_cams", "initial_labels"} <= {stage for stage, _ in added("cam.align_corners", False)}


def test_inference_settings_do_not_retrain_the_classifier_or_the_first_round():
    stages = {stage for stage, _ in added("prediction.flip", True)}
    assert stages == {"predictions", "masked_labels", "round2", "evaluation"}
    assert {stage for stage, _ in added("prediction.flip", True, experiment="baseline")} == {"evaluation"}


def test_settings_matter_downstream_of_where_they_first_do():
    plan = plan_of()
    for experiment in EXPERIMENTS:
        settings = plan.settings(experiment)
        for stage, role in (("integral", "classifier"), ("predictions", "round1"), ("masked_labels", "predictions")):
            missing = relevant_keys(role, settings) - relevant_keys(stage, settings)
            assert missing <= {"masking.kernel", "masking.saliency_threshold"}, (experiment, stage)


def test_what_shares_a_name_shares_every_relevant_setting():
    plan = plan_of(sweeps=sweep("masking.kernel", 1, 2))
    for (stage, name), variant in plan.known.items():
        for experiment in EXPERIMENTS:
            settings = plan.settings(experiment)
            other = plan.variant(stage, settings)
            if other.name == name and (stage, name) in plan.known and other.stage == stage:
                assert other.relevant == variant.relevant


def test_a_name_for_two_settings_raises():
    plan = plan_of()
    settings = plan.settings("nsrom")
    plan._register(settings | {"segmentation.rates": [1, 2]})
    with pytest.raises(ConfigError, match="rates-1x2"):
        plan._register(settings | {"segmentation.rates": "1x2"})


def test_unknown_names_are_refused_with_the_known_ones():
    plan = plan_of(sweeps=sweep("masking.kernel", 5))
    assert plan.lookup("round2", "kernel-5").settings["masking.kernel"] == 5
    with pytest.raises(ConfigError, match=r"'kernel-6'.*kernel-5"):
        plan.lookup("round2", "kernel-6")


def test_upstream_variants_are_those_of_the_same_settings():
    plan = plan_of(sweeps=sweep("classifier.nodes", 16))
    final = plan.lookup("round2", "nodes-16")
    assert plan.upstream(final, "second_labels").name == "nodes-16"
    assert plan.upstream(final, "second_labels").stage == "masked_labels"
    assert plan.upstream(plan.lookup("masked_labels", "nodes-16"), "labels").stage == "pseudo_labels"


BELOW = {  # overlays of overlays
    "voc2012_paper.yaml": ("voc2012.yaml",),
    "voc2012_generic.yaml": ("voc2012.yaml",),
    "voc2012_smvwe.yaml": ("voc2012.yaml",),
    "coco.yaml": ("voc2012.yaml", "voc2012_generic.yaml"),
}


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIGS.glob("*.yaml")))
def test_every_config_loads_and_has_a_plan(name):
    raw = yaml.safe_load((CONFIGS / "config.yaml").read_text())
    for below in BELOW.get(name, ()):
        raw = merge(raw, yaml.safe_load((CONFIGS / below).read_text()))
    if name != "config.yaml":
        raw = merge(raw, yaml.safe_load((CONFIGS / name).read_text()))
    config = load_config(raw)
    assert config.full_supervision in config.experiments
    plan = Plan(config)
    for experiment in config.experiments:
        assert ("evaluation", plan.variant("evaluation", plan.settings(experiment)).name) in plan.known


def test_a_released_checkpoint_is_evaluated_without_any_training():
    network = {"backbone": "resnet101", "init": "coco", "output_stride": 8, "supervision": "checkpoint"}
    changes = {f"segmentation.{key}": value for key, value in network.items()}
    experiments = EXPERIMENTS | {
        name: {"label": name, "set": {**changes, "segmentation.checkpoint": f"{name}.pth"}}
        for name in ("first", "second")
    }
    plan = Plan(load_config({"experiments": experiments}))
    assert resolve("model", plan.settings("first")) == "checkpoint"
    more = plan.known.keys() - plan_of().known.keys()
    assert {stage for stage, _ in more} == {"checkpoint", "evaluation"} and len(more) == 4
    name = plan.variant("checkpoint", plan.settings("first")).name
    assert plan.lookup("checkpoint", name).settings["segmentation.checkpoint"] == "first.pth"


def test_the_checkpoint_matters_to_nothing_else():
    assert added("segmentation.checkpoint", "a.pth") == set()


GENERIC = {
    "generic": {"label": "one round", "set": {"method": "generic", "retraining.retrain_on": "none"}},
    "again": {"label": "two rounds", "set": {"method": "generic", "retraining.retrain_on": "predictions"}},
}
CHAIN_OF_GENERIC = {"image_classifier", "patterns", "projections", "estimated_masks", "round1", "evaluation"}


def test_a_second_method_adds_its_own_chain_and_changes_no_name():
    both = plan_of(experiments=EXPERIMENTS | GENERIC)
    more = both.known.keys() - plan_of().known.keys()
    assert {stage for stage, _ in more} == CHAIN_OF_GENERIC | {"predictions", "round2"}
    for key, variant in plan_of().known.items():
        assert both.known[key].relevant == variant.relevant
    assert both.variant("image_classifier", both.settings("generic")).name == "default"
    assert both.variant("round1", both.settings("generic")).name == "method-generic"
    assert resolve("labels", both.settings("again")) == "estimated_masks"


def test_settings_of_the_second_method_rename_no_variant_of_the_first():
    """Names have a setting's last word alone where no other setting ends in it."""
    plan = plan_of()
    own = {k for k in plan.baseline if k.startswith("generic.")}
    assert own and own <= plan.unique
    assert {"masking.images", "segmentation.scale"} <= plan.unique


WORDS = {"smvwe": {"label": "SMVWE", "set": {"method": "smvwe", "retraining.retrain_on": "none"}}}


def test_a_third_method_adds_its_own_chain_and_renames_nothing():
    both = plan_of(experiments=EXPERIMENTS | GENERIC | WORDS)
    others = plan_of(experiments=EXPERIMENTS | GENERIC)
    chain = {"word_encoder", "word_maps", "word_labels", "round1", "evaluation"}
    assert {stage for stage, _ in both.known.keys() - others.known.keys()} == chain
    assert both.variant("round1", both.settings("smvwe")).name == "method-smvwe"
    training = ("epochs", "iterations", "batch_size", "scales", "optimiser")
    own = {k for k in both.baseline if k.startswith("smvwe.") and not k.removeprefix("smvwe.").startswith(training)}
    assert own <= both.unique  # names have a setting's last word alone where no other setting ends in it
    assert {"mining.background", "prediction.flip", "segmentation.crop", "classifier.image_size"} & both.unique == {
        "mining.background", "prediction.flip", "segmentation.crop",
    }  # fmt: skip


def test_settings_of_words_matter_where_they_do_something():
    def new(key, value, **deltas):
        changed = {"smvwe": {"label": "", "set": WORDS["smvwe"]["set"] | deltas}}
        return {s for s, _ in added_to(changed, key, value, experiment="smvwe")}

    late = {"word_labels", "round1", "evaluation"}
    assert new("smvwe.background_score", 0.3) == late
    assert new("smvwe.background_by", "saliency") == late | {"background_score"}
    assert new("smvwe.scales", [2.0]) == late | {"word_maps"}
    assert new("smvwe.mu", 0.1) == late | {"word_maps", "word_encoder"}
    by_saliency, alone = {"smvwe.background_by": "saliency"}, {"smvwe.saliency_feedback": False}
    assert new("smvwe.background_score", 0.3, **by_saliency) == new("smvwe.delta", 0.1, **alone) == set()
    assert new("smvwe.long_side", [100, 200]) == new("classifier.nodes", 16) == new("classifier.epochs", 9) == set()
    assert new("classifier.image_size", 129, **{"smvwe.crop_size": 65}) == set()


def test_settings_of_one_method_do_nothing_to_the_other():
    def new(key, value, experiment):
        return {s for s, _ in added_to(GENERIC | EXPERIMENTS, key, value, experiment=experiment)}

    assert new("classifier.nodes", 16, "generic") == new("mining.background", 0.5, "generic") == set()
    assert new("generic.block", "C43", "nsrom") == new("generic.crf", False, "nsrom") == set()
    assert new("generic.block", "C43", "generic") == CHAIN_OF_GENERIC - {"image_classifier"}
    assert new("generic.silent", "background", "generic") == {"estimated_masks", "round1", "evaluation"}
    assert new("classifier.epochs", 9, "generic") == CHAIN_OF_GENERIC


def added_to(experiments: dict, key: str, *values, experiment: str) -> set[tuple[str, str]]:
    with_sweep = plan_of(experiments=experiments, sweeps=sweep(key, *values, experiment=experiment))
    return with_sweep.known.keys() - plan_of(experiments=experiments).known.keys()


def test_constants_of_the_crf_matter_to_masks_that_it_refines():
    plan = plan_of(experiments=GENERIC)
    refined, plain = (plan.settings("generic", **{"generic.crf": on}) for on in (True, False))
    assert "prediction.crf.iterations" in relevant_keys("estimated_masks", refined)
    assert not {k for k in relevant_keys("estimated_masks", plain) if "prediction" in k}
    assert "prediction.crf.enabled" not in relevant_keys("estimated_masks", refined)


def test_an_experiment_has_the_stages_of_its_method():
    plan = plan_of(experiments=EXPERIMENTS | GENERIC)
    generic, nsrom = plan.settings("generic"), plan.settings("nsrom")
    assert plan.has("estimated_masks", generic) and not plan.has("estimated_masks", nsrom)
    assert plan.has("cams", nsrom) and not plan.has("cams", generic)
    assert plan.has("predictions", generic) and plan.has("predictions", nsrom)


def test_what_has_no_saliency_cannot_be_masked_with_it():
    with pytest.raises(ConfigError, match=r"retraining\.retrain_on is masked, but method is generic"):
        plan_of(experiments={"wrong": {"label": "", "set": {"method": "generic"}}})
