"""The list of methods: what each says of itself fits together, and nothing else lists them."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from wsss.code_graph import sources
from wsss.config import Config, ConfigError, load_config
from wsss.method_types import Measured
from wsss.methods import MEASURED, METHODS, OWNERS, ROLES, SHARED, STAGES, supervision
from wsss.variants import Plan, resolve

SOURCES = Path(__file__).resolve().parents[2] / "src"


def plan_of(method: str) -> Plan:
    weak = {"method": method, "retraining.retrain_on": "predictions"}
    return Plan(load_config({"experiments": {"one": {"label": method, "set": weak}}, "full_supervision": None}))


def test_every_stage_belongs_to_one_method_or_to_all():
    own = [stage for method in METHODS.values() for stage in method.stages]
    assert len(own) == len(set(own)) and not set(own) & set(SHARED)
    roles = [role for method in METHODS.values() for role in method.roles]
    assert len(roles) == len(set(roles)) and not set(roles) & set(STAGES)


def test_every_stage_is_made_from_stages_that_there_are():
    known = {*STAGES, *ROLES, "labels", "second_labels", "model"}
    assert all(set(stage.upstream) <= known for stage in STAGES.values())


def test_measured_stages_have_names_and_titles_of_their_own():
    for what in ("stage", "name", "title"):
        values = [getattr(m, what) for m in MEASURED]
        assert len(values) == len(set(values))
    assert {m.stage for m in MEASURED} <= set(STAGES)
    order = [m.stage for m in MEASURED]
    assert order.index("masked_labels") == len(order) - 1 > order.index("predictions")


@pytest.mark.parametrize("method", METHODS)
def test_its_labels_train_the_first_round(method: str):
    plan = plan_of(method)
    settings = plan.settings("one")
    stage = resolve("labels", settings)
    assert OWNERS[stage] is METHODS[method]
    assert plan.has(stage, settings) and plan.has("round1", settings)
    assert {m.stage for m in METHODS[method].measured} & {s for s, _ in plan.known}


@pytest.mark.parametrize("method", METHODS)
def test_no_other_methods_stage_is_planned(method: str):
    stages = {stage for stage, _ in plan_of(method).known}
    assert {OWNERS[s].title for s in stages if s in OWNERS} == {METHODS[method].title}


def test_the_plain_classifier_reads_all_but_what_is_nsroms():
    settings = plan_of("generic").settings("one")
    read = STAGES["image_classifier"].keys
    unread = {k for k in settings if k.startswith("classifier.") and not k.startswith(read)}
    nsroms = ("head", "width", "head_rule", "global_reasoning", "nodes", "reasoning_rule", "reasoning_scale")
    assert unread == {f"classifier.{k}" for k in nsroms}


@pytest.mark.parametrize("method", [m for m in METHODS if m != "nsrom"])
def test_masking_is_nsroms(method: str):
    with pytest.raises(ConfigError, match=f"method is {method}"):
        load_config({"experiments": {"one": {"label": "", "set": {"method": method}}}})


def test_an_unknown_method_is_refused_with_those_that_there_are():
    with pytest.raises(ConfigError, match="'nsrom', 'generic'"):
        load_config({"method": "seam"})


def test_what_methods_share_needs_none_of_them():
    """But for what they say of themselves, and their settings."""
    said = {"__init__.py", "method.py", "settings.py"}
    for module in sorted((SOURCES / "wsss").glob("*.py")):
        used = [f.relative_to(SOURCES / "wsss") for f in sources(module, (SOURCES,))]
        assert not [f for f in used if f.parts[0] in METHODS and f.name not in said], module


@pytest.mark.parametrize("method", METHODS)
def test_its_code_is_its_own(method: str):
    """Whatever a method's modules import, none of it is another method's code."""
    for module in sorted((SOURCES / "wsss" / method).glob("*.py")):
        found = {f.relative_to(SOURCES).parts[1] for f in sources(module, (SOURCES,))}
        assert not found & (set(METHODS) - {method}), module


def test_a_method_measures_its_own_stages():
    nsrom = METHODS["nsrom"]
    with pytest.raises(ValueError, match="NSROM measures 'elsewhere', which is none of its stages"):
        replace(nsrom, measured=(Measured("elsewhere", "e", "elsewhere"),))


def with_overlays(*names: str) -> Config:
    raw: dict = {}
    for name in ("config.yaml", *names):
        update_config(raw, yaml.safe_load((SOURCES.parent / "config" / name).read_text()))
    return load_config(raw)


@pytest.mark.parametrize(
    ("overlays", "said"),
    [
        ([], {"nsrom": "I+S", "generic_c41": "I", "smvwe": "I+S", "vwe": "I", "fully_supervised": "masks"}),
        (
            ["voc2012.yaml"],
            {
                "nsrom": "I+S + MS-COCO masks",
                "released": "I+S + MS-COCO masks",
                "fully_supervised": "masks + MS-COCO masks",
                "nsrom_imagenet": "I+S",
                "nsrom_vgg16": "I+S",
                "generic_c41_retrain": "I + MS-COCO masks",
            },
        ),
        (["voc2012.yaml", "voc2012_generic.yaml"], {"generic_c41_retrain": "I", "released": "I+S + MS-COCO masks"}),
        (["voc2012.yaml", "voc2012_smvwe.yaml"], {"smvwe": "I+S", "vwe": "I", "released": "I+S + MS-COCO masks"}),
    ],
)
def test_what_trains_an_experiment_counts_its_initial_weights(overlays: list[str], said: dict[str, str]):
    plan = Plan(with_overlays(*overlays))
    assert {name: supervision(plan.settings(name)) for name in said} == said


def test_smvwes_ablations_have_the_papers_network():
    """Tables 1 and 2 and Figure 2: DeepLab-v1 on VGG-16, and so has what they are compared with."""
    config = with_overlays("voc2012.yaml", "voc2012_smvwe.yaml")
    plan, network = Plan(config), {"backbone": "vgg16", "rates": [12], "head_width": 1024, "init": "imagenet"}

    def network_of(experiment: str) -> dict:
        settings = plan.settings(experiment)
        return {key: settings[f"segmentation.{key}"] for key in network}

    shown = {*config.tables["smvwe_table1"].rows, *config.confusion_figures["smvwe_figure2"].experiments}
    assert {"fully_supervised", "vwe", "smvwe"} <= shown
    assert all(network_of(experiment) == network for experiment in shown)
    assert "DeepLab-v1 on VGG-16" in config.tables["smvwe_table1"].title
    assert network_of("smvwe_vgg16_v1") == network
    assert network_of("smvwe_vgg16_v2") == {**network, "rates": [6, 12, 18, 24]}
    assert network_of("smvwe_resnet101_v1") == {**network, "backbone": "resnet101"}
    v2 = {"backbone": "resnet101", "rates": [6, 12, 18, 24], "head_width": None}
    assert network_of("smvwe_resnet101_v2") == {**network, **v2}
