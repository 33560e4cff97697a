"""SMVWE in the workflow: what it plans, what it may read, and one real run in miniature."""

import csv
import shutil

import pytest
from checkouts import TINY, Checkout, copy_repository, job_counts, reachable
from test_dag import is_ground_truth

OWN = {"train_word_encoder", "export_word_maps", "choose_background_score", "make_word_labels"}
TARGETS = (
    "smvwe_table1", "smvwe_table2", "smvwe_table3", "smvwe_ablation", "smvwe_background", "smvwe_words",
    "smvwe_figure3",
)  # fmt: skip


def test_table1_has_a_chain_with_saliency_feedback_and_one_without(clone: Checkout):
    counts = clone.with_config().dry_run("smvwe_table1")
    expected = {"train_word_encoder": 2, "export_word_maps": 2, "make_word_labels": 2, "train_segmentation": 2}
    assert {rule: counts[rule] for rule in expected} == expected
    others = {"train_classifier", "train_image_classifier", "choose_background_score", "mask_nonsalient_region"}
    assert not others & counts.keys()


def test_the_ablation_shares_what_does_not_differ(clone: Checkout):
    counts = clone.with_config().dry_run("smvwe_ablation")
    # A score of the background is chosen on the same maps.
    assert counts["make_word_labels"] == counts["train_word_encoder"] + 1 == 14
    assert counts["choose_background_score"] == 1
    assert "train_segmentation" not in counts  # it is of labels
    assert clone.with_config().dry_run("smvwe_background")["train_word_encoder"] == 2


def test_its_labels_are_scattered_as_others_are(clone: Checkout):
    once = clone.with_config().dry_run("smvwe_table1")
    scattered = clone.with_config().dry_run("smvwe_table1", "--set-scatter", "images=3")
    assert scattered == once | {f"{rule}_part": 3 * once[rule] for rule in ("make_word_labels", "evaluate")}


def test_nothing_that_trains_reads_ground_truth_and_words_alone_no_saliency(clone: Checkout):
    jobs = clone.with_config().jobs("smvwe_table1", "smvwe_ablation")
    assert {job.rule for job in jobs} >= OWN
    blind = 0
    for job in jobs:
        if job.rule in OWN | {"train_segmentation"}:
            files = reachable(job, jobs)
            assert not [f for f in files if is_ground_truth(f)], job
            saliency = [f for f in files if f.endswith("saliency.csv")]
            blind += not saliency
            assert bool(saliency) != ("saliency_feedback-off" in job.wildcards), job
    assert blind == 4  # network, maps, labels, segmentation


def test_the_other_methods_targets_need_nothing_of_it(clone: Checkout):
    assert not OWN & clone.dry_run("nsrom_table3", "generic_table1", "report").keys()


def test_full_size_starts_from_resnet38(clone: Checkout):
    full = clone.with_config("config/voc2012.yaml", "config/voc2012_smvwe.yaml")
    counts = full.dry_run("smvwe_table3", "smvwe_table4")
    assert counts["train_word_encoder"] == counts["convert_resnet38"] == 1
    assert counts["train_segmentation"] == counts["evaluate"] == 4
    assert "train_classifier" not in counts
    (evaluated,) = [job for job in full.jobs("smvwe_figure3") if job.rule == "evaluate"]
    assert "backbone-resnet101" in evaluated.wildcards and "rates-6x12x18x24" in evaluated.wildcards  # DeepLab-v2
    figure = full.snakemake("-n", "smvwe_figure2", check=False)
    assert figure.returncode != 0 and "data/pascal_context" in figure.stdout


@pytest.mark.slow
def test_from_scenes_to_every_table_and_figure(tmp_path):
    copy_repository(tmp_path)
    (tmp_path / "own.yaml").write_text("tables: {smvwe_table2: {rows: [vwe, smvwe]}}\n")
    checkout = Checkout(tmp_path).with_config(TINY, "own.yaml")
    checkout.snakemake(*TARGETS)
    tables = checkout.results / "tables"

    def rows(name: str) -> list[dict[str, str]]:
        with open(tables / f"{name}.csv", newline="") as stream:
            return list(csv.DictReader(stream))

    scores = {r["experiment"]: r for r in rows("smvwe_table1")}
    assert list(scores) == ["fully_supervised", "vwe", "smvwe"]
    classes = rows("smvwe_table1_classes")
    assert list(classes[0])[2:] == ["VWE alone", "SMVWE"] and classes[-1]["class"] == "mIoU"
    assert float(classes[-1]["SMVWE"]) == pytest.approx(float(scores["smvwe"]["miou"]))
    assert [(r["worse"], r["better"]) for r in rows("smvwe_table1_claims")] == [("VWE alone", "SMVWE")]
    assert "| class |" in (tables / "smvwe_table1_classes.md").read_text()
    boundaries = rows("smvwe_table2")
    assert [(r["method"], r["stage"]) for r in boundaries] == [
        ("SMVWE: VWE alone", "label from maps"), ("SMVWE", "label from maps")
    ]  # fmt: skip
    assert all(0 <= float(r[c]) <= 100 for r in boundaries for c in ("recall", "f1"))  # nothing drawn: no precision
    labelled = checkout.results / "word_labels/default/seed-0/val/labels"
    assert len(list(labelled.glob("val_*.png"))) == len(list(labelled.glob("*.png"))) == 6
    ablation = rows("smvwe_ablation")
    assert [r["experiment"] for r in ablation] == ["smvwe", "smvwe_no_image_loss", "smvwe_background_by_saliency"]
    assert all(0 <= float(r[c]) <= 100 for r in ablation for c in ("label_miou", "recall", "coverage"))
    tuned = {(r["label"], r["score from"].split()[0]): float(r["miou"]) for r in rows("smvwe_background")}
    assert all(tuned[e, "true"] >= tuned[e, w] - 1e-9 for e in ("VWE alone", "SMVWE") for w in ("constant", "saliency"))
    assert float(rows("smvwe_background")[3]["miou"]) == pytest.approx(float(ablation[0]["label_miou"]), abs=1e-6)
    for name in ("smvwe_words", "smvwe_figure3"):
        assert (checkout.results / "figures" / f"{name}.png").stat().st_size > 10_000
    assert checkout.dry_run(*TARGETS) == {}
    # In parts, the labels are the same, byte for byte.
    manifest = checkout.results / "word_labels" / "background_by-saliency" / "seed-0" / "manifest.csv"
    made = manifest.read_bytes()
    shutil.rmtree(manifest.parent)
    target = manifest.relative_to(tmp_path).as_posix()
    counts = job_counts(checkout.snakemake(target, "--set-scatter", "images=3").stdout)
    assert counts == {"make_word_labels": 1, "make_word_labels_part": 3}
    assert manifest.read_bytes() == made
