"""The saliency-free model in the workflow: what it plans, what it may read, and one real run in miniature."""

import csv
import shutil
from pathlib import Path

import pytest
from checkouts import Checkout, copy_repository, job_counts, reachable
from test_dag import is_ground_truth

from wsss.chains import Records

NSROM_ALONE = {
    "train_classifier", "train_integral", "export_cams", "export_integral_cams", "fuse_saliency",
    "mine_potential_objects", "mask_nonsalient_region",
}  # fmt: skip


def test_table1_has_one_classifier_and_a_chain_for_each_block(clone: Checkout):
    counts = clone.with_config().dry_run("generic_table1")
    assert not NSROM_ALONE & counts.keys()
    expected = {
        "train_image_classifier": 1,
        "find_patterns": 3,
        "project_features": 3,
        "estimate_masks": 3,
        "train_segmentation": 4,  # a first round for each block, and one second round
        "predict_training_images": 1,
        "train_fully_supervised": 1,
        "evaluate": 5,
    }
    assert {rule: counts[rule] for rule in expected} == expected


def test_its_masks_are_scattered_as_other_labels_are(clone: Checkout):
    once = clone.with_config().dry_run("generic_table1")
    scattered = clone.with_config().dry_run("generic_table1", "--set-scatter", "images=3")
    rules = ("estimate_masks", "predict_training_images", "evaluate")
    assert scattered == once | {f"{rule}_part": 3 * once[rule] for rule in rules}


def test_no_rule_of_it_reads_saliency_or_ground_truth(clone: Checkout):
    jobs = clone.with_config().jobs("generic_table1", "generic_figure1", "generic_figure3", "generic_accuracy")
    own = {
        "train_image_classifier", "find_patterns", "project_features", "estimate_masks",
        "measure_accuracy", "compute_seeds", "compute_variance",
    }  # fmt: skip
    for job in jobs:
        if job.rule in own or (job.rule == "train_segmentation"):
            assert not [f for f in job.inputs if "saliency" in f.lower()], job
            assert not [f for f in reachable(job, jobs) if is_ground_truth(f)], job
    assert own <= {job.rule for job in jobs}


def test_the_report_and_nsroms_targets_need_nothing_of_it(clone: Checkout):
    counts = clone.dry_run("paper")
    assert not {"train_image_classifier", "find_patterns", "compute_clouds"} & counts.keys()


def test_a_figure_has_its_parts_and_masks_of_every_block(clone: Checkout):
    jobs = clone.with_config().jobs("generic_figure1", "generic_figure4")
    drawn = {f: job for job in jobs for f in job.outputs if f.endswith(".png")}
    assert {Path(f).stem for f in drawn} == {"generic_figure1", "generic_figure1_seeds", "generic_figure4"}
    figure = drawn["results/openmoji/figures/generic_figure4.png"]
    masks = [f.split("/")[-3] for f in figure.inputs if f.endswith("/labels")]
    assert masks == ["default", "block-C42", "block-C43"]  # C41 is the default; in the paper's order
    assert not {"train_segmentation", "evaluate"} & {job.rule for job in jobs}


def test_the_papers_numbers_come_in_where_the_conditions_are_its_own(clone: Checkout):
    """Variance: VOC 2012 with ResNet-101; accuracy: MS-COCO."""
    generic = ("config/voc2012.yaml", "config/voc2012_generic.yaml")
    expected = {(): set(), generic[:1]: set(), generic: {"figure3"}, (*generic, "config/coco.yaml"): {"accuracy"}}
    for configs, names in expected.items():
        jobs = clone.with_config(*configs).jobs("generic_figure3", "generic_accuracy")
        stated = {Path(f).stem for job in jobs for f in job.inputs if "/paper/" in f}
        assert stated == {f"generic_{name}" for name in names}, configs


def test_coco_is_planned_from_its_annotations(clone: Checkout):
    configs = ("config/voc2012.yaml", "config/voc2012_generic.yaml", "config/coco.yaml")
    counts = clone.with_config(*configs).dry_run("generic_table3")
    assert counts["prepare_coco"] == counts["prepare_coco_masks"] == counts["compute_class_table"] == 1
    assert not {"build_openmoji", "prepare_voc2012", "detect_saliency"} & counts.keys()


@pytest.mark.slow
def test_from_scenes_to_every_table_and_figure(tmp_path, monkeypatch):
    copy_repository(tmp_path)
    checkout = Checkout(tmp_path)
    checkout.snakemake("generic")
    tables = checkout.results / "tables"
    with open(tables / "generic_table1.csv", newline="") as stream:
        scores = {row["experiment"]: row for row in csv.DictReader(stream)}
    assert list(scores) == ["fully_supervised", "generic_c41", "generic_c41_retrain"]
    assert all(0 <= float(row[c]) <= 100 for row in scores.values() for c in ("miou", "miou_without_crf"))
    with open(tables / "generic_stage_quality.csv", newline="") as stream:
        quality = [(row["label"], row["stage"]) for row in csv.DictReader(stream)]
    for block in ("C41", "C42", "C43"):
        assert (f"generic features, {block}", "estimated mask") in quality
    assert not {"CAM", "pseudo label"} & {stage for _, stage in quality}  # NSROM's, which made none
    with open(tables / "generic_table3.csv", newline="") as stream:
        assert [row["class"] for row in csv.DictReader(stream)][-1] == "mIoU"
    for name in ("figure1", "figure1_seeds", "figure3", "figure4", "figure5", "projections"):
        assert (checkout.results / "figures" / f"generic_{name}.png").stat().st_size > 10_000
    with open(checkout.results / "figures" / "generic_figure3.csv", newline="") as stream:
        variance = list(csv.DictReader(stream))
    (found,) = (checkout.results / "patterns").glob("default/seed-0/patterns.csv")
    with open(found, newline="") as stream:
        patterns = {row["class"]: row for row in csv.DictReader(stream)}
    share = 100 * float(patterns[variance[0]["class"]]["eigenvalue_share"])
    assert len(variance) == 5 and float(variance[0]["percent"]) == pytest.approx(share, abs=1e-3)
    with open(tables / "generic_accuracy.csv", newline="") as stream:
        assert all(0 <= float(row["percent"]) <= 100 for row in csv.DictReader(stream))
    assert checkout.dry_run("generic") == {}
    monkeypatch.chdir(tmp_path)
    results = Path("results/tiny")
    records = Records(results, {}, results / "data")
    chains = [{s.parts[2] for s in records.chain(f)} for f in results.glob("evaluation/*/seed-0")]
    assert len(chains) == 3
    assert sum({"image_classifier", "patterns", "projections", "estimated_masks"} < chain for chain in chains) == 2
    # In parts, the masks are the same, byte for byte.
    manifest = min((checkout.results / "estimated_masks").glob("*/seed-0/manifest.csv"))
    made = {name: (manifest.parent / name).read_bytes() for name in ("manifest.csv", "silent.csv")}
    shutil.rmtree(manifest.parent)
    target = manifest.relative_to(tmp_path).as_posix()
    counts = job_counts(checkout.snakemake(target, "--set-scatter", "images=3").stdout)
    assert counts == {"estimate_masks": 1, "estimate_masks_part": 3}
    assert {name: (manifest.parent / name).read_bytes() for name in made} == made
