"""A results folder remembers what its names are relative to."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wsss.baseline import FILE, baseline, check_baseline
from wsss.config import ConfigError, load_config
from wsss.provenance import write_provenance
from wsss.remembering import remember
from wsss.variants import Plan

COCO = {"coco": {"annotations": "a", "pictures": "p"}}
VOC = {"train_split": "trainaug", "voc2012": {}, "saliency": {"maps": "maps.zip"}}


def made(results: Path, raw: dict, **changed) -> Path:
    """A folder in which a job under this config has left its baseline; ``changed``: what the file says otherwise."""
    config = load_config(raw)
    file = results / config.folder / FILE
    file.parent.mkdir(exist_ok=True)
    remember(file, baseline(config))
    values = json.loads(file.read_text()) | changed
    file.write_text(json.dumps({k: v for k, v in values.items() if v is not ...}))
    return file


def refused(results: Path, raw: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        check_baseline(load_config(raw), results)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


def test_another_baseline_is_refused_with_both_values_and_the_ways_out(tmp_path: Path):
    file = made(tmp_path, {"masking": {"kernel": 5}})
    sentence = refused(tmp_path, {"masking": {"kernel": 5}, "segmentation": {"epochs": 12, "crop": 65}})
    assert f"{file.parent} was made with another baseline" in sentence
    assert "segmentation.epochs was 6, now 12" in sentence and "segmentation.crop was null, now 65" in sentence
    assert "masking" not in sentence
    for way_out in ("`experiments: … set`", "`results: ", f"write {{}} into {file}."):
        assert way_out in sentence
    file.write_text("{}")
    check_baseline(load_config({"segmentation": {"epochs": 12}}), tmp_path)


def test_many_differences_do_not_fill_the_screen(tmp_path: Path):
    made(tmp_path, {})
    crf = {"iterations": 1, "positional_weight": 1.0, "positional_std": 2.0, "bilateral_weight": 1.0}
    changed = {"prediction": {"crf": crf}, "fusion": {"foreground": 0.1, "conflict": 0.2, "uncertain_saliency": 1}}
    changed |= {"mining": {"background": 0.1, "enabled": False}, "masking": {"kernel": 2}}
    assert refused(tmp_path, changed).endswith(f"write {{}} into {tmp_path / 'openmoji' / FILE}.")
    assert "; and 2 more)" in refused(tmp_path, changed)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"masking": {"kernel": "10"}, "fusion": {"foreground": "3e-1"}},  # as a command line writes them
        {"seeds": [4, 5], "resuming": {"save_minutes": 0}, "boundaries": {"tolerance": 0.02}},
        {"experiments": {"wide": {"label": "wide", "set": {"masking.kernel": 30}}}},
        {"results": "second", "masking": {"kernel": 30}},
        {"dataset": {"name": "mine", "path": "data/mine"}, "masking": {"kernel": 30}},
    ],
    ids=["the same", "as text", "no settings", "an experiment", "a folder of its own", "other data"],
)
def test_what_replaces_nothing_is_let_through(tmp_path: Path, raw: dict):
    made(tmp_path, {})
    check_baseline(load_config(raw), tmp_path)


def test_a_setting_that_a_later_version_adds_is_a_change_if_it_is_not_at_its_default(tmp_path: Path):
    made(tmp_path, {}, **{"masking.kernel": ...})  # made when there was no such setting
    check_baseline(load_config({}), tmp_path)
    assert "(masking.kernel was 10, now 3)" in refused(tmp_path, {"masking": {"kernel": 3}})


def test_a_setting_that_a_later_version_drops_is_no_change(tmp_path: Path):
    made(tmp_path, {}, **{"masking.former": 3})
    check_baseline(load_config({}), tmp_path)


def test_a_default_that_a_later_version_changes_is_a_change(tmp_path: Path):
    made(tmp_path, {}, **{"masking.kernel": 11})
    assert "(masking.kernel was 11, now 10)" in refused(tmp_path, {})


def test_data_of_one_name_are_the_same(tmp_path: Path):
    file = made(tmp_path, {"dataset": {"name": "mine", "path": "data/mine"}})
    for same in ("data/mine/", "./data/mine", "data//mine"):
        check_baseline(load_config({"dataset": {"path": same}}), tmp_path)
    sentence = refused(tmp_path, {"dataset": {"name": "mine", "path": "data/other"}})
    assert "dataset.path was data/mine, now data/other" in sentence and "dataset.name" in sentence
    # A second baseline shares the lists of the data: it must not replace them either.
    second = {"dataset": {"name": "mine", "path": "data/other"}, "results": "second", "masking": {"kernel": 3}}
    assert f"{file.parent} was made from other data of the name mine" in refused(tmp_path, second)
    embedded = refused(tmp_path, {"dataset": {"name": "mine"}})
    assert "dataset was folder, now openmoji" in embedded


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"openmoji": {"train": 40}}, {"openmoji": {"train": 41}}, "dataset.openmoji.train was 40, now 41"),
        ({"saliency": {"maps": "a"}}, {"saliency": {"maps": "b"}}, "dataset.saliency.maps was a, now b"),
        ({}, {"val_split": "test"}, "dataset.val_split was val, now test"),
        (COCO, {"coco": {**COCO["coco"], "crowds": "objects"}}, "dataset.coco.crowds was ignored, now objects"),
        (VOC, {**VOC, "voc2012": {"labels": "l.csv"}}, "dataset.voc2012.labels was null, now l.csv"),
        (
            VOC,
            {**VOC, "voc2012": {"augmented": {"path": "aug.zip"}}},
            "dataset.voc2012.augmented was SBD, now SegmentationClassAug",
        ),
    ],
)
def test_what_the_data_are_is_remembered(tmp_path: Path, before: dict, after: dict, told: str):
    made(tmp_path, {"dataset": before})
    assert told in refused(tmp_path, {"dataset": after})


def test_maps_may_be_added_to_data_without_any(tmp_path: Path):
    """A method without saliency comes first, one with it later; from then on the maps are remembered."""
    data = {"name": "mine", "path": str(tmp_path / "mine")}
    made(tmp_path, {"dataset": data})
    detected = {"dataset": {**data, "saliency": {"model": "u2net.onnx"}}}
    check_baseline(load_config(detected), tmp_path)
    made(tmp_path, detected)
    check_baseline(load_config(detected), tmp_path)
    check_baseline(load_config({"dataset": data}), tmp_path)
    told = refused(tmp_path, {"dataset": {**data, "saliency": {"maps": "maps.zip"}}})
    assert "dataset.saliency.maps was null, now maps.zip; dataset.saliency.model was u2net.onnx, now null" in told


def test_maps_of_the_data_set_are_not_replaced_by_others(tmp_path: Path):
    (tmp_path / "mine/Saliency").mkdir(parents=True)
    data = {"name": "mine", "path": str(tmp_path / "mine")}
    made(tmp_path, {"dataset": data})
    told = refused(tmp_path, {"dataset": {**data, "saliency": {"maps": "maps.zip"}}})
    assert "dataset.saliency.maps was null, now maps.zip" in told


def test_initial_weights_of_the_networks_are_remembered(tmp_path: Path):
    networks = {"classifier": {"backbone": "vgg16", "output_stride": 8}, "cam": {"align_corners": False}}
    made(tmp_path, {**networks, "weights": {"resnet101": "unused.pth"}})
    check_baseline(load_config({**networks, "weights": {"folder": "elsewhere", "coco": "unused.pth"}}), tmp_path)
    told = refused(tmp_path, {**networks, "weights": {"vgg16": "other.pth"}})
    assert "(weights.vgg16 was vgg16-397923af.pth, now other.pth)" in told


def test_a_results_folder_may_be_renamed_with_its_data_set(tmp_path: Path):
    file = made(tmp_path, {"dataset": {"name": "mine", "path": "data/mine"}})
    file.parent.rename(tmp_path / "yours")
    check_baseline(load_config({"dataset": {"name": "yours", "path": "data/mine"}}), tmp_path)


def test_a_damaged_memory_is_named(tmp_path: Path):
    file = made(tmp_path, {})
    file.write_text(file.read_text()[:-20])
    assert f"{file} is damaged" in refused(tmp_path, {})


# --- a folder that a version without memory has made --------------------------------------------------------------


def finished(results: Path, raw: dict, stage: str = "round1", **added) -> Path:
    """The record that a job of this config's baseline leaves; ``added``: settings of another version."""
    config = load_config({"experiments": {"one": {"label": "one"}}} | raw)
    plan = Plan(config)
    variant = plan.variant(stage, plan.settings("one"))
    path = results / config.folder / stage / variant.name / "seed-0/provenance.json"
    path.parent.mkdir(parents=True)
    given = {"rule": "any", "inputs": [], "seed": 0, "seconds": 1, "threads": 1, "root": results}
    write_provenance(path, parameters=variant.relevant | added, **given)
    return path


def test_what_finished_jobs_have_recorded_is_a_baseline_too(tmp_path: Path):
    record = finished(tmp_path, {"segmentation": {"epochs": 6}, "masking": {"kernel": 10}})
    assert record.parts[-3] == "default"
    sentence = refused(tmp_path, {"segmentation": {"epochs": 12, "crop": 65}, "masking": {"kernel": 3}})
    assert f"{tmp_path / 'openmoji'} was made with another baseline (" in sentence
    assert "segmentation.epochs was 6, now 12" in sentence and "segmentation.crop was null, now 65" in sentence
    assert "masking" not in sentence  # it has no effect on round 1
    file = tmp_path / "openmoji" / FILE
    assert sentence.endswith(f"write {{}} into {file}.")
    file.write_text("{}")
    check_baseline(load_config({"segmentation": {"epochs": 12}}), tmp_path)


def test_records_that_agree_and_settings_of_other_versions_are_let_through(tmp_path: Path):
    finished(tmp_path, {}, **{"segmentation.former": 3})
    finished(tmp_path, {}, "classifier")
    check_baseline(load_config({}), tmp_path)
    check_baseline(load_config({"results": "second", "segmentation": {"epochs": 12}}), tmp_path)


def test_one_record_that_differs_is_enough(tmp_path: Path):
    finished(tmp_path, {})
    finished(tmp_path, {"classifier": {"epochs": 9}}, "classifier")
    assert "(classifier.epochs was 9, now " in refused(tmp_path, {})


def test_a_variant_with_a_name_says_nothing_of_the_baseline(tmp_path: Path):
    one = {"label": "one", "set": {"segmentation.epochs": 12}}
    assert finished(tmp_path, {"experiments": {"one": one}}).parts[-3] != "default"
    check_baseline(load_config({}), tmp_path)


def test_what_is_remembered_stays_and_what_is_new_is_added(tmp_path: Path):
    file = tmp_path / FILE
    remember(file, {"a": 1, "b": [0.1, None]})
    remember(file, {"a": 2, "b": 3})
    assert json.loads(file.read_text()) == {"a": 1, "b": [0.1, None]}
    remember(file, {"a": 2, "c": 4})
    assert json.loads(file.read_text()) == {"a": 1, "b": [0.1, None], "c": 4}


def test_jobs_that_end_together_remember_the_same(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: remember(tmp_path / FILE, baseline(load_config({}))), range(64)))
    assert [f.name for f in tmp_path.iterdir()] == [FILE]
    assert json.loads((tmp_path / FILE).read_text()) == json.loads(json.dumps(baseline(load_config({}))))
