"""What reruns after which change, on a finished run."""

import os
import random
import time

import pytest
import yaml
from checkouts import TARGETS, Checkout

# Everything that is computed from labels; the names of Table 3's tiny rows.
AFTER_LABELS = {
    "fuse_saliency", "mine_potential_objects", "train_segmentation", "predict_training_images",
    "mask_nonsalient_region", "evaluate", "measure_stage_quality",
}  # fmt: skip
AFTER_MASKING = {"mask_nonsalient_region", "train_segmentation", "evaluate", "measure_stage_quality"}
BEFORE_LABELS = {
    "build_openmoji", "check_images", "check_masks", "check_saliency", "train_classifier", "train_integral",
    "export_cams", "export_integral_cams",
}  # fmt: skip
SEGMENTATION = AFTER_LABELS - {"fuse_saliency", "mine_potential_objects"} | {"train_fully_supervised"}
CHAIN = BEFORE_LABELS | AFTER_LABELS | {"train_fully_supervised"}


def planned(checkout: Checkout, *targets: str) -> set[str]:
    """The chain's rules that would run; what draws and tabulates follows them."""
    return set(checkout.dry_run(*(targets or TARGETS))) & CHAIN


def append(checkout: Checkout, file: str, text: str) -> None:
    with open(checkout.folder / file, "a") as stream:
        stream.write(text)


def test_a_second_run_does_nothing(tiny_copy: Checkout):
    times = {path: path.stat().st_mtime_ns for path in tiny_copy.results.rglob("*")}
    run = tiny_copy.snakemake(*TARGETS)
    assert "Nothing to be done" in run.stdout
    assert times == {path: path.stat().st_mtime_ns for path in tiny_copy.results.rglob("*")}


def test_touching_every_file_does_nothing(tiny_copy: Checkout):
    """Sources, configs, data and results, folders too, in any order; as in a fresh clone with copied results."""
    paths = [p for p in tiny_copy.folder.rglob("*") if ".snakemake" not in p.parts]
    random.Random(0).shuffle(paths)
    now = time.time()
    for offset, path in enumerate(paths):
        os.utime(path, (now, now - 60 + offset * 1e-3))
    assert tiny_copy.dry_run(*TARGETS) == {}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        # Labels and what follows; no classifier, integral model or map.
        ("src/wsss/nsrom/labels.py", AFTER_LABELS),
        ("workflow/scripts/mask_nonsalient_region.py", AFTER_MASKING),
        # The networks of all rounds, full supervision too, and what follows; nothing before the first labels.
        ("src/wsss/segmentation.py", SEGMENTATION),
        ("src/wsss/deeplab.py", SEGMENTATION),
        # Only what scores; no training.
        ("workflow/scripts/evaluate.py", {"evaluate"}),
        ("src/wsss/metrics.py", {"evaluate", "measure_stage_quality"}),
        # Everything reads the data set through it, but it is not read when the data set is built.
        ("src/wsss/data.py", CHAIN - {"build_openmoji"}),
        ("README.md", set()),
    ],
)  # fmt: skip
def test_an_edit_reruns_what_it_can_change(tiny_copy: Checkout, file: str, rules: set[str]):
    append(tiny_copy, file, "\n# edited\n")
    assert planned(tiny_copy) == rules


def test_an_edit_of_one_script_reruns_for_real(tiny_copy: Checkout):
    """The stated plan is carried out, and then nothing is left to do."""
    target = "results/tiny/evaluation/default/seed-0/metrics.json"
    classifier = tiny_copy.results / "classifier/default/seed-0/model.safetensors"
    before = classifier.stat().st_mtime_ns
    append(tiny_copy, "workflow/scripts/mask_nonsalient_region.py", "\n# edited\n")
    run = tiny_copy.snakemake(target)
    assert planned(tiny_copy, target) == set()
    assert "rule mask_nonsalient_region:" in run.stdout
    assert "rule train_classifier:" not in run.stdout
    assert classifier.stat().st_mtime_ns == before


def test_a_setting_reruns_its_stage_and_what_follows(tiny_copy: Checkout):
    settings = yaml.safe_load((tiny_copy.folder / "config/tiny.yaml").read_text())
    settings["masking"]["kernel"] = 7
    (tiny_copy.folder / "config/tiny.yaml").write_text(yaml.safe_dump(settings))
    refused = tiny_copy.snakemake("--dry-run", "nsrom_table3", check=False)
    sentence = "results/tiny was made with another baseline (masking.kernel was 10, now 7)"
    assert refused.returncode and sentence in refused.stdout
    tiny_copy.forget_baseline()
    # Round 1 is not trained again: train_segmentation runs once, for round 2 of NSRM.
    counts = tiny_copy.dry_run("nsrom_table3")
    assert {rule: n for rule, n in counts.items() if rule in CHAIN} == {
        "mask_nonsalient_region": 1,
        "train_segmentation": 1,
        "evaluate": 1,
    }
    assert (tiny_copy.results / "baseline.json").read_text() == "{}"  # a plan makes nothing


def test_one_more_kernel_size_computes_one_chain(tiny_copy: Checkout):
    longer = tiny_copy.folder / "config/longer.yaml"
    longer.write_text(yaml.safe_dump({"sweeps": {"nsrom_figure6": {"values": [5, 10]}}}))
    counts = tiny_copy.with_config(*tiny_copy.config, "config/longer.yaml").dry_run("nsrom_figure6")
    assert {rule: n for rule, n in counts.items() if rule in CHAIN} == {
        "mask_nonsalient_region": 1,
        "train_segmentation": 1,
        "evaluate": 1,
    }
