"""Boundaries, pairs that are seen together, and methods side by side: what they plan, read and show."""

import csv
from pathlib import Path

import pytest
import yaml
from checkouts import TINY, Checkout, reachable
from test_ground_truth import TRAINED, scripts_by_rule

TARGETS = ("label_boundaries", "smvwe_figure2", "methods_comparison")
OF_NSROM = {
    "tables": {
        "label_boundaries": {"rows": ["nsrom"]},
        "methods_comparison": {"rows": ["fully_supervised", "nsrom"], "compare": [["nsrom", "fully_supervised"]]},
    },
    "confusion_figures": {"smvwe_figure2": {"experiments": ["nsrom"], "pairs": [["boat", "bird"], ["boat", "water"]]}},
}
JUDGING = {"measure_boundaries", "measure_confusion", "measure_stage_quality"}
OF_VALIDATION = {
    "export_word_maps_of_validation": 2, "make_word_labels_of_validation": 2,  # with saliency feedback and without
    "project_features_of_validation": 1, "estimate_masks_of_validation": 1,
    "measure_boundaries_of_validation": 3,
}  # fmt: skip


def read(file: Path) -> list[dict[str, str]]:
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_configured_method_is_judged(clone: Checkout):
    counts = clone.with_config().dry_run(*TARGETS)
    experiments = {"nsrom", "generic_c41_retrain", "smvwe", "vwe"}
    assert counts["measure_boundaries"] == len(experiments)
    assert counts["measure_confusion"] == counts["measure_stage_quality"] == len(experiments) - 1
    assert counts["evaluate"] == len(experiments)  # full supervision, but not the encoder alone


def test_masks_are_read_to_judge_and_for_nothing_that_trains(clone: Checkout):
    jobs, scripts = clone.with_config().jobs(*TARGETS), scripts_by_rule()
    assert all("may_read_masks=True" in scripts[rule] for rule in JUDGING)
    judged = {f for job in jobs if job.rule in JUDGING for f in job.outputs}
    assert judged
    for job in jobs:
        if job.rule in TRAINED or job.rule.startswith("make_") or "labels" in job.rule:
            assert not judged & reachable(job, jobs), job


def test_smvwes_table_2_is_of_validation_pictures(clone: Checkout):
    counts = clone.with_config().dry_run("smvwe_table2")
    assert {rule: counts[rule] for rule in OF_VALIDATION} == OF_VALIDATION
    assert not {"measure_boundaries", "make_word_labels", "estimate_masks", "train_segmentation"} & counts.keys()


def test_nothing_trains_on_labels_of_validation_pictures_nor_are_they_made_from_masks(clone: Checkout):
    jobs = clone.with_config().jobs("smvwe_table2", "smvwe_table1", "generic_table1", "methods_comparison")
    made = {f for job in jobs if job.rule in OF_VALIDATION for f in job.outputs}
    assert made
    for job in jobs:
        files = reachable(job, jobs)
        assert not made & files or job.rule.endswith(("_of_validation", "_boundaries", "smvwe_table2")), job
        if job.rule in OF_VALIDATION and not job.rule.startswith("measure_"):
            assert not [f for f in files if "SegmentationClass" in f or f.endswith("masks.csv")], job


def test_the_tolerance_names_no_artifact(clone: Checkout):
    every = clone.jobs(*TARGETS)
    (clone.folder.parent / "wide.yaml").write_text(yaml.safe_dump({"boundaries": {"tolerance": 0.02}}))
    wide = clone.with_config(TINY, str(clone.folder.parent / "wide.yaml")).jobs(*TARGETS)
    assert {j.outputs for j in every} == {j.outputs for j in wide}


@pytest.mark.slow
def test_a_finished_run_is_judged(tiny_copy: Checkout):
    water = tiny_copy.folder / "data" / "contexts" / "water"
    water.mkdir(parents=True)
    masks = sorted((tiny_copy.results / "data/openmoji/SegmentationClass").glob("train_*.png"))
    for mask in masks[:3]:  # of three pictures only, and wherever a mask is not 0
        (water / mask.name).write_bytes(mask.read_bytes())
    overlay = OF_NSROM | {"confusion_figures": {"smvwe_figure2": {
        **OF_NSROM["confusion_figures"]["smvwe_figure2"], "contexts": "data/contexts"}}}  # fmt: skip
    (tiny_copy.folder / "judged.yaml").write_text(yaml.safe_dump(overlay))
    checkout = tiny_copy.with_config(TINY, "judged.yaml")
    counts = checkout.dry_run(*TARGETS)
    assert not {"train_segmentation", "evaluate", "predict_training_images"} & counts.keys()
    checkout.snakemake(*TARGETS)
    boundaries = read(checkout.results / "tables/label_boundaries.csv")
    assert [row["stage"] for row in boundaries] == [
        "CAM", "OA-CAM", "initial label", "pseudo label", "first-round prediction", "masked label (NSRM)"
    ]  # fmt: skip
    assert all(row["method"] == "NSROM: + GR + POM + NSRM" for row in boundaries)
    assert all(0 <= float(row["f1"]) <= 100 for row in boundaries)
    pairs = read(checkout.results / "figures/smvwe_figure2.csv")
    assert [(row["context"], row["images"]) for row in pairs] == [("bird", "12"), ("water", "3")]
    assert (checkout.results / "figures/smvwe_figure2.png").stat().st_size > 10_000
    full, nsrom = read(checkout.results / "tables/methods_comparison.csv")
    assert (full["label_miou"], full["boundary_f1"], full["labels_s"]) == ("", "", "0.0")
    assert nsrom["boundary_f1"] == boundaries[3]["f1"]
    assert float(nsrom["training_s"]) > float(full["training_s"]) > 0 < float(nsrom["labels_s"])
    assert float(nsrom["peak_memory_mib"]) > 100
    assert checkout.dry_run(*TARGETS) == {}
