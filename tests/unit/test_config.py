"""The configuration: what is wrong is named, with the nearest valid key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from wsss.claims import read_claims
from wsss.config import Config, ConfigError, load_config, science_leaves, with_settings
from wsss.published_settings import differing
from wsss.settings import CRF

ROOT = Path(__file__).resolve().parents[2]
NSROM = {"nsrom": {"label": "NSROM"}}


def refused(raw: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(raw)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize(
    ("raw", "wrong", "nearest"),
    [
        ({"maskin": {"kernel": 3}}, "maskin", "masking"),
        ({"masking": {"kernl": 3}}, "masking.kernl", "masking.kernel"),
        ({"prediction": {"crf": {"iteration": 3}}}, "prediction.crf.iteration", "prediction.crf.iterations"),
        (
            {"classifier": {"optimiser": {"learningrate": 1}}},
            "classifier.optimiser.learningrate",
            "classifier.optimiser.learning_rate",
        ),
        ({"kernel": 3}, "kernel", "masking.kernel"),
        ({"bound": "fully_supervised"}, "bound", "full_supervision"),  # as it was called
    ],
)
def test_unknown_keys_are_named_with_the_nearest_valid_one(raw, wrong, nearest):
    message = refused(raw)
    assert f"'{wrong}'" in message
    assert f"did you mean '{nearest}'?" in message


def test_nothing_is_suggested_where_nothing_is_near():
    assert "did you mean" not in refused({"qqqqqqqq": 1})


@pytest.mark.parametrize(
    ("raw", "key", "value"),
    [
        ({"masking": {"kernel": "large"}}, "masking.kernel", "'large'"),
        ({"masking": {"kernel": 2.5}}, "masking.kernel", "2.5"),
        ({"masking": {"kernel": 0}}, "masking.kernel", "0"),
        ({"masking": {"images": "difficult"}}, "masking.images", "'difficult'"),
        ({"masking": 5}, "masking", "5"),
        ({"cam": {"scales": []}}, "cam.scales", "[]"),
        ({"seeds": ["first"]}, "seeds.0", "'first'"),
        ({"dataset": {"name": "../outside"}}, "dataset.name", "'../outside'"),
    ],
)
def test_ill_typed_values_are_named(raw, key, value):
    assert f"The setting '{key}' is {value}" in refused(raw)


def test_every_mistake_is_told_at_once():
    message = refused({"masking": {"kernl": 3}, "seeds": []})
    assert "masking.kernl" in message and "'seeds'" in message


def test_experiments_are_checked():
    message = refused({"experiments": {"wide": {"label": "wide", "set": {"masking.kernal": 3}}}})
    assert "Experiment 'wide'" in message and "did you mean 'masking.kernel'?" in message
    message = refused({"experiments": {"wide": {"label": "wide", "set": {"masking.kernel": "large"}}}})
    assert "Experiment 'wide'" in message and "'masking.kernel' is 'large'" in message


def test_sweeps_are_checked():
    sweep = {"title": "", "axis": "", "key": "masking.kernal", "values": [1]}
    message = refused({"experiments": NSROM, "sweeps": {"curve": sweep}})
    assert "Sweep 'curve'" in message and "'masking.kernal'" in message
    assert "did you mean 'masking.kernel'?" in message
    message = refused({"experiments": NSROM, "sweeps": {"curve": sweep | {"key": "masking.kernel", "values": [1, -1]}}})
    assert "Sweep 'curve'" in message and "-1" in message


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ({"tables": {"scores": {"title": "", "rows": ["nsrom", "nsrm"]}}}, "tables.scores"),
        (
            {"sweeps": {"c": {"title": "", "axis": "", "key": "masking.kernel", "values": [1], "experiment": "nsrm"}}},
            "sweeps.c",
        ),
        ({"figures": {"pictures": {"title": "", "experiments": ["nsrm"]}}}, "figures.pictures"),
    ],
)
def test_undefined_experiments_are_named_with_the_nearest(section, where):
    message = refused({"experiments": NSROM, **section})
    assert where in message and "'nsrm'" in message and "did you mean 'nsrom'?" in message


def test_settings_are_the_baseline_with_deltas():
    config = load_config({"masking": {"kernel": 30}})
    baseline = science_leaves(config)
    assert baseline["masking.kernel"] == 30
    settings = with_settings(config, {"mining.enabled": False, "prediction.crf.size": 65})
    assert settings.keys() == baseline.keys()
    assert {k: v for k, v in settings.items() if baseline[k] != v} == {
        "mining.enabled": False, "prediction.crf.size": 65
    }  # fmt: skip
    assert not any(k.startswith(("dataset.", "seeds", "tables")) for k in baseline)


def test_a_section_is_no_setting():
    with pytest.raises(ConfigError, match="'masking'"):
        with_settings(Config(), {"masking": {"kernel": 3}})


def test_the_published_labels_do_not_rest_on_defaults():
    """config/voc2012.yaml alone says how labels are made and predictions refined."""
    written = yaml.safe_load((ROOT / "config/voc2012.yaml").read_text())
    for name in ("fusion", "mining", "retraining", "masking", "attention", "cam", "prediction", "first_round"):
        assert written[name].keys() == set(Config.model_fields[name].annotation.model_fields), name
    assert written["prediction"]["crf"].keys() == set(CRF.model_fields)
    defaults = science_leaves(Config())
    for name in ("fusion", "mining", "retraining", "attention"):
        assert all(defaults[f"{name}.{key}"] == value for key, value in written[name].items()), name


def test_the_documentation_names_what_the_ablation_changes():
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    sets = [raw["experiments"][row]["set"] for row in raw["tables"]["smvwe_ablation"]["rows"]]
    changed = {key for settings in sets for key in settings if key.startswith("smvwe.")}
    (text,) = re.findall(
        r"^`smvwe_ablation` has rows for (.*?\.) The rest\s", (ROOT / "docs/smvwe.md").read_text(), re.M | re.S
    )
    assert set(re.findall(r"`(smvwe\.\w+)`", text)) == changed


def test_each_claim_of_the_papers_is_judged_in_some_table():
    """A table that compares with published methods, or of classes, has no verdicts."""
    judged = []
    for overlay in ("voc2012.yaml", "voc2012_generic.yaml", "voc2012_smvwe.yaml"):
        raw = yaml.safe_load((ROOT / "config/config.yaml").read_text())
        for file in dict.fromkeys(("voc2012.yaml", overlay)):
            update_config(raw, yaml.safe_load((ROOT / "config" / file).read_text()))
        tables = [t for t in load_config(raw).tables.values() if t.measure == "scores" and not t.per_class]
        judged += [set(t.rows) for t in tables if t.compare_with is None]
    claims = read_claims(sorted((ROOT / "config/paper").glob("*_claims.csv")))
    assert len(claims) > 10
    assert [c for c in claims if not any({c.worse, c.better} <= rows for rows in judged)] == []


ONCE = {"label": "", "set": {"method": "smvwe", "retraining.retrain_on": "none"}}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rows": ["nsrom"], "measure": "boundaries"}, "shows 'nsrom' on validation pictures, of which NSROM makes no"),
        ({"rows": ["smvwe"]}, "has the split val, but measure is scores"),
        ({"rows": ["smvwe"], "measure": "labels"}, "has the split val, but measure is labels"),
    ],
)
def test_only_boundaries_are_measured_on_validation_pictures(table: dict, message: str):
    experiments = {**NSROM, "smvwe": ONCE}
    right = {"rows": ["smvwe"], "measure": "boundaries", "split": "val", "title": ""}
    assert load_config({"experiments": experiments, "tables": {"right": right}}).tables["right"].split == "val"
    wrong = {"title": "", "split": "val", **table}
    assert f"tables.wrong {message}" in refused({"experiments": experiments, "tables": {"wrong": wrong}})


@pytest.mark.parametrize("other", [{"compare_with": "x"}, {"per_class": True}, {"measure": "labels"}])
def test_classes_are_compared_beside_tables_of_experiments(other: dict):
    table = {"title": "", "rows": ["nsrom"], "compare_classes_with": "generic_table1", **other}
    assert "belongs to tables of experiments" in refused({"experiments": NSROM, "tables": {"mine": table}})


def test_every_setting_is_described():
    def undescribed(model, prefix=""):
        for name, field in model.model_fields.items():
            if hasattr(field.annotation, "model_fields"):
                yield from undescribed(field.annotation, f"{prefix}{name}.")
            elif not field.description:
                yield prefix + name

    assert list(undescribed(Config)) == []


@pytest.mark.parametrize(
    ("module", "page", "line"),
    [
        ("config_reference", "config.md", "| `masking.kernel` | `10` |"),
        ("published_settings", "published_settings.md", "| `masking.kernel` | `10` | `30` |"),
    ],
)
def test_the_documentation_is_the_generated_one(module: str, page: str, line: str):
    run = subprocess.run(
        [sys.executable, "-m", f"wsss.{module}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert line in run.stdout
    assert (ROOT / "docs" / page).read_text() == run.stdout, f"docs/{page} is outdated: run `make docs`"


def test_the_readme_says_how_many_settings_differ_from_the_published_code():
    count = len(differing(ROOT / "config", ["config.yaml"]))
    assert f"{count} settings" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"masking": {"kernel": "three"}}, "masking.kernel"),
        ({"segmentation": {"output_stride": 7}}, "segmentation.output_stride"),
        ({"cam": {"scales": [0]}}, "cam.scales"),
        ({"classifier": {"optimiser": {"learning_rate": 1e31}}}, "learning_rate"),
        ({"full_supervision": "nothing"}, "full_supervision"),
    ],
)
def test_odd_values_are_refused_by_name(raw: dict, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(raw)


@pytest.mark.parametrize(
    ("deltas", "message"),
    [
        ({"segmentation.scale": [2.0, 1.0]}, "smaller scale first"),
        ({"classifier.backbone": "vgg16"}, "vgg16 has 8"),
        ({"classifier.backbone": "vgg16", "classifier.output_stride": 8}, "cam.align_corners"),
        ({"segmentation.init": "coco"}, "it must be resnet101"),
        ({"segmentation.init": "coco", "segmentation.backbone": "resnet101"}, "output stride 8"),
        ({"segmentation.supervision": "checkpoint"}, "name the file as segmentation.checkpoint"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(deltas: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_settings(load_config({}), deltas)


def test_numbers_as_text_are_read_as_numbers_because_the_command_line_passes_them_so() -> None:
    config = load_config({"seeds": ["0", "1"], "masking": {"kernel": "3"}, "segmentation": {"output_stride": "8"}})
    assert (config.seeds, config.masking.kernel, config.segmentation.output_stride) == ([0, 1], 3, 8)


def test_a_released_checkpoint_is_scored_in_its_own_network() -> None:
    deltas = {"segmentation.supervision": "checkpoint", "segmentation.checkpoint": "theirs.pth"}
    with pytest.raises(ConfigError, match=r"set segmentation\.init to coco"):
        with_settings(load_config({}), deltas)


def test_an_experiment_too_short_to_accumulate_attention_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Experiment 'short': attention\.first_epoch is 1"):
        load_config({"experiments": {"short": {"label": "short", "set": {"classifier.epochs": 1}}}})


def test_one_value_is_one_point_of_a_sweep_however_it_is_written() -> None:
    curve = {"title": "", "axis": "", "key": "segmentation.optimiser.learning_rate"}
    values = [1e-3, "1e-3", "0.001", 0.0010, "1e-2", 1e-2, 1]
    config = load_config({"experiments": NSROM, "sweeps": {"curve": {**curve, "values": values}}})
    assert config.sweeps["curve"].values == [0.001, 0.01, 1.0]
    kernels = load_config(
        {"experiments": NSROM, "sweeps": {"curve": {**curve, "key": "masking.kernel", "values": ["5", 5, 5.0]}}}
    )
    assert repr(kernels.sweeps["curve"].values) == "[5]"


@pytest.mark.parametrize(
    ("seeds", "wrong"),
    [
        ([0, 0], "0 is listed twice"),
        (["1", 0, 1], "1 is listed twice"),
        ([-1], "greater than or equal to 0"),
        ([2**32], "less than"),
    ],
)
def test_seeds_are_different_and_can_be_seeds(seeds: list, wrong: str) -> None:
    message = refused({"seeds": seeds})
    assert "'seeds" in message and wrong in message


@pytest.mark.parametrize("key", ["dataset.openmoji.seed", "submission.seed"])
def test_no_seed_is_negative(key: str) -> None:
    *sections, leaf = key.split(".")
    raw = {leaf: -1}
    for section in reversed(sections):
        raw = {section: raw}
    assert f"'{key}' is -1" in refused(raw)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "nan", "-inf"])
def test_a_setting_is_a_number(value: float | str) -> None:
    assert "'prediction.crf.bilateral_weight'" in refused({"prediction": {"crf": {"bilateral_weight": value}}})


@pytest.mark.parametrize(
    "path", ["data/mine", "data/mine/", "./data/mine", "data//mine", "$HERE/mine", "${HERE}/mine", "~/mine"]
)
def test_a_path_has_one_spelling(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("HERE", "data")
    monkeypatch.setenv("HOME", "data")
    config = load_config({"dataset": {"path": path}, "weights": {"folder": path}})
    assert config.dataset.path == config.weights.folder == "data/mine"
    assert config.folder == "mine"


@pytest.mark.parametrize("path", ["$NOWHERE_SET/mine", "${NOWHERE_SET}/mine", "", "data/{id}"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    assert "'dataset.path'" in refused({"dataset": {"path": path}})


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x y", "data/$(date)", "data/100$", "-data/it's"])
def test_what_is_no_variable_stays(path: str) -> None:
    assert load_config({"dataset": {"name": "mine", "path": path}}).dataset.path == path


@pytest.mark.parametrize(
    ("dataset", "folder"),
    [
        ({}, "openmoji"),
        ({"path": "../shared/photos"}, "photos"),
        ({"path": "/data/MINE.v2/"}, "MINE.v2"),
        ({"name": "voc2012", "path": "/data/VOC2012"}, "voc2012"),
        ({"coco": {"annotations": "a", "pictures": "b"}}, "coco"),
        ({"name": "coco2014", "coco": {"annotations": "a", "pictures": "b", "year": "2014"}}, "coco2014"),
    ],
)
def test_a_data_set_without_a_name_has_that_of_its_folder(dataset: dict, folder: str) -> None:
    config = load_config({"dataset": dataset})
    assert config.folder == folder
    assert config.dataset.coco is None or config.dataset.coco.year in (2014, 2017)


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ({"dataset": {"name": "openmoji", "path": "data/mine"}}, "openmoji is what the embedded data set is called"),
        ({"dataset": {"path": "data/openmoji"}}, "openmoji is what the embedded data set is called"),
        ({"dataset": {"path": "data/mine"}, "results": "openmoji"}, "openmoji is what the embedded data set is called"),
        ({"dataset": {"path": "data/voc2012"}}, "compared with published ones: give a dataset.name"),
        ({"dataset": {"path": "data/my set"}}, "dataset.path ends in 'my set', which cannot name its results"),
        ({"dataset": {"path": ".."}}, "dataset.path ends in '..'"),
        ({"dataset": {"path": "/"}}, "dataset.path ends in ''"),
        ({"dataset": {"name": "published"}}, "results/published holds the numbers that git keeps"),
        ({"results": "published"}, "results/published holds the numbers that git keeps"),
    ],
)
def test_no_data_set_takes_the_name_of_another(raw: dict, wrong: str) -> None:
    assert wrong in refused(raw)


def test_null_of_the_command_line_is_nothing() -> None:
    config = load_config({"results": "null", "segmentation": {"crop": "null"}, "first_round": {"scales": "null"}})
    assert (config.results, config.segmentation.crop, config.first_round.scales) == (None, None, None)
    assert "'masking.kernel' is 'null'" in refused({"masking": {"kernel": "null"}})


@pytest.mark.parametrize(
    "raw", [{"attention": None}, {"experiments": None}, {"tables": {"mine": None}}, {"seeds": None}]
)
def test_a_section_that_holds_nothing_is_named(raw: dict) -> None:
    assert "is empty, and nothing below it is set: take the line out" in refused(raw)


def test_an_id_that_yaml_reads_as_a_number_is_to_be_quoted() -> None:
    raw = yaml.safe_load("figures: {mine: {title: x, images: [2007_000027]}}")
    assert "'figures.mine.images.0' is 2007000027: input should be a valid string (put it in quotes" in refused(raw)
