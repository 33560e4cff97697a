"""Exactly which rules an edit reruns, and for which reason; Table 3 of a finished tiny run."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from checkouts import TARGETS, TINY, Checkout

TABLE = {"compute_table", "write_table", "nsrom_table3"}
AFTER_LABELS = {"train_segmentation", "predict_training_images", "mask_nonsalient_region", "evaluate"} | TABLE
MINING = {"mine_potential_objects"}
LABELS = {"fuse_saliency", "mine_potential_objects", "mask_nonsalient_region"}
NETWORKS = {"train_segmentation", "train_fully_supervised", "predict_training_images", "evaluate"}
AFTER_DATA = LABELS | NETWORKS | TABLE | {
    "check_saliency", "train_classifier", "train_integral", "export_cams", "export_integral_cams"
}  # fmt: skip

AFTER_CLASSIFIER = AFTER_DATA - {"check_saliency", "train_fully_supervised"}


def reruns(checkout: Checkout, word: str, *targets: str) -> tuple[set[str], set[str]]:
    """The rules that give ``word`` as the reason, where the rerun begins, and all that would run."""
    text = checkout.snakemake("--dry-run", *(targets or ("nsrom_table3",))).stdout
    blocks = re.findall(r"^(?:local)?rule (\w+):$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    reasons = [(rule, re.search(r"^    reason: (.*)$", block, re.MULTILINE)[1]) for rule, block in blocks]
    # A job whose inputs are made anew gives that as its reason and no other.
    begins = {rule for rule, reason in reasons if not reason.startswith("Input files updated by another job")}
    assert all(word in reason for rule, reason in reasons if rule in begins and not reason.startswith("Input files up"))
    return begins, {rule for rule, _ in reasons}


def edit(checkout: Checkout, file: str, addition: str) -> None:
    with open(checkout.folder / file, "a") as stream:
        stream.write(addition)


@pytest.mark.parametrize(
    ("file", "begins", "every"),
    [
        ("src/wsss/nsrom/labels.py", {"fuse_saliency"}, LABELS | AFTER_LABELS),
        ("src/wsss/deeplab.py", {"train_segmentation", "train_fully_supervised"}, NETWORKS | AFTER_LABELS),
        ("src/wsss/nsrom/global_reasoning.py", {"train_classifier"}, AFTER_CLASSIFIER),
        ("src/wsss/tables.py", {"compute_table"}, TABLE),
        ("src/wsss/pages.py", {"write_table"}, TABLE - {"compute_table"}),
        ("workflow/scripts/mine_potential_objects.py", MINING, MINING | AFTER_LABELS),
        ("workflow/scripts/evaluate.py", {"evaluate"}, {"evaluate"} | TABLE),
        ("src/wsss/voc/submission.py", set(), set()),
    ],
)  # fmt: skip
def test_an_edited_module_reruns_its_rules_and_what_follows(
    tiny_copy: Checkout, file: str, begins: set[str], every: set[str]
):
    edit(tiny_copy, file, "\n\ndef added():\n    return 1\n")
    assert reruns(tiny_copy, Path(file).name) == (begins, every)


def test_a_comment_counts_as_an_edit(tiny_copy: Checkout):
    """Sources are compared by their bytes: nothing has to judge which edits cannot matter."""
    edit(tiny_copy, "src/wsss/nsrom/labels.py", "# a comment\n")
    assert reruns(tiny_copy, "labels.py") == ({"fuse_saliency"}, LABELS | AFTER_LABELS)


def test_an_edit_that_is_taken_back_reruns_nothing(tiny_copy: Checkout):
    file = tiny_copy.folder / "src/wsss/nsrom/labels.py"
    before = file.read_text()
    edit(tiny_copy, "src/wsss/nsrom/labels.py", "# a comment\n")
    file.write_text(before)
    assert tiny_copy.dry_run(*TARGETS) == {}


def test_a_config_value_reruns_the_rules_that_have_it(tiny_copy: Checkout):
    settings = yaml.safe_load((tiny_copy.folder / TINY).read_text())
    settings["masking"]["kernel"] = 7
    (tiny_copy.folder / TINY).write_text(yaml.safe_dump(settings))
    tiny_copy.forget_baseline()
    every = {"mask_nonsalient_region", "train_segmentation", "evaluate"} | TABLE
    assert reruns(tiny_copy, "Params have changed") == ({"mask_nonsalient_region"}, every)


def test_what_is_no_setting_reruns_nothing(tiny_copy: Checkout):
    edit(tiny_copy, TINY, "\n# a comment\n")
    edit(tiny_copy, "docs/decisions.md", "More.\n")
    assert tiny_copy.dry_run(*TARGETS) == {}


@pytest.mark.parametrize("cores", ["1", "5", "64"])
def test_the_number_of_cores_reruns_nothing(tiny_copy: Checkout, cores: str):
    assert tiny_copy.dry_run("--cores", cores, *TARGETS) == {}


def test_image_level_labels_rerun_what_reads_them(tiny_copy: Checkout):
    edit(tiny_copy, "results/tiny/data/openmoji/labels.csv", "another,train,dog\n")
    checks = {"check_images", "check_masks"}
    assert reruns(tiny_copy, "labels.csv") == (checks, checks | AFTER_DATA)


@pytest.mark.parametrize(
    ("file", "begins", "every"),
    [
        ("JPEGImages/train_0000.jpg", {"check_images"}, {"check_images", "check_saliency"}),
        ("Saliency/train_0000.png", {"check_saliency"}, {"check_saliency"}),
        ("SegmentationClass/val_0000.png", {"check_masks"}, {"check_masks", "list_masks"}),
    ],
)
def test_a_file_of_a_users_data_reruns_its_check(tiny_copy: Checkout, file: str, begins: set[str], every: set[str]):
    shutil.copytree(tiny_copy.results / "data/openmoji", tiny_copy.folder / "mine")
    (tiny_copy.folder / "mine.yaml").write_text(yaml.safe_dump({"dataset": {"name": "mine", "path": "mine"}}))
    checkout, targets = tiny_copy.with_config(TINY, "mine.yaml"), ("images", "masks", "saliency")
    targets = tuple(f"results/mine/data/{name}.csv" for name in targets)
    checkout.snakemake(*targets)
    (checkout.folder / "mine" / file).touch()
    assert checkout.dry_run(*targets) == {}
    with open(checkout.folder / "mine" / file, "ab") as stream:
        stream.write(b"\0")
    assert reruns(checkout, "Params have changed", *targets) == (begins, every)
