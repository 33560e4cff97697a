"""What Snakemake plans, without computing anything."""

from pathlib import Path

import pytest
import yaml
from checkouts import REPOSITORY, Checkout, reachable

# The chain's rules; what draws and tabulates comes on top of them.
CHAIN = (
    "build_openmoji", "check_images", "check_masks", "check_saliency", "train_classifier", "export_cams",
    "train_integral", "export_integral_cams", "fuse_saliency", "mine_potential_objects", "train_segmentation",
    "predict_training_images", "mask_nonsalient_region", "train_fully_supervised", "evaluate",
)  # fmt: skip


def chain(counts: dict[str, int]) -> dict[str, int]:
    return {rule: counts[rule] for rule in CHAIN if rule in counts}


def difference(larger: dict[str, int], smaller: dict[str, int]) -> dict[str, int]:
    """The jobs that ``larger`` has more."""
    assert smaller.keys() <= larger.keys()
    more = {rule: count - smaller.get(rule, 0) for rule, count in larger.items()}
    return {rule: count for rule, count in more.items() if count}


def overlay(checkout: Checkout, name: str, content: dict) -> str:
    """Writes a config beside the checkout, and returns its path."""
    path = checkout.folder.parent / name
    path.write_text(yaml.safe_dump(content))
    return str(path)


def given_folder(checkout: Checkout) -> str:
    """An overlay naming a folder in VOC layout, enough of one to plan with."""
    folder = checkout.folder.parent / "given"
    for name in ("JPEGImages", "Saliency", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("labels.csv", "classes.txt", "ImageSets/Segmentation/train.txt", "ImageSets/Segmentation/val.txt"):
        (folder / name).touch()
    return overlay(checkout, "given.yaml", {"dataset": {"path": str(folder)}})


# --- configs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", sorted((REPOSITORY / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_can_be_planned(clone: Checkout, config: Path):
    """A config that names a folder which is not here plans with an empty one in its place; COCO has no saliency."""
    below = ["config/voc2012.yaml"] if "Laid over config/voc2012.yaml" in config.read_text() else []
    files, data = [*below, f"config/{config.name}"], {}
    for file in files:
        data |= yaml.safe_load((REPOSITORY / file).read_text()).get("dataset") or {}
    if data.get("path"):
        files.append(given_folder(clone))
    target = "generic_table1" if data.get("coco") else "nsrom_table3"
    counts = clone.with_config(*files).dry_run(target)
    assert counts[target] == 1
    assert counts["train_fully_supervised"] == counts["check_images"] == 1
    assert counts["check_masks"] == 2  # a split each
    made = {name for name in ("voc2012", "coco") if data.get(name)}
    assert ("build_openmoji" in counts) == (not data.get("path") and not made)
    assert {name for name in ("voc2012", "coco") if f"prepare_{name}" in counts} == made


# --- counts -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table3(clone: Checkout) -> dict[str, int]:
    return clone.with_config().dry_run("nsrom_table3")


def test_table3_shares_all_that_it_can(table3: dict[str, int]):
    assert chain(table3) == {
        "build_openmoji": 1,
        "check_images": 1,
        "check_masks": 2,  # those of training pictures for the bound
        "check_saliency": 1,
        "train_classifier": 3,  # without global reasoning, and from both of its starts
        "train_integral": 3,
        "export_integral_cams": 3,
        "fuse_saliency": 3,
        "export_cams": 1,  # only mining needs the classifier's own maps, and only with global reasoning
        "mine_potential_objects": 4,  # baseline, gr and gr_published_start, which mine nothing, and gr_pom
        # first rounds: baseline, gr = gr_retrain, gr_published_start, gr_pom = gr_pom_retrain = nsrom;
        # second rounds: gr_retrain, gr_pom_retrain, nsrom
        "train_segmentation": 7,
        "predict_training_images": 2,  # gr_retrain, gr_pom_retrain = nsrom
        "mask_nonsalient_region": 1,
        "train_fully_supervised": 1,
        "evaluate": 8,  # a row each
    }


def test_table4_adds_only_masking_and_what_follows(clone: Checkout, table3: dict[str, int]):
    both = clone.with_config().dry_run("nsrom_table3", "nsrom_table4")
    # Its four new rows; gr_pom, nsrom and full supervision are Table 3's.
    assert difference(chain(both), chain(table3)) == {
        "mask_nonsalient_region": 4,
        "train_segmentation": 4,
        "evaluate": 4,
    }


def test_scores_need_the_masks_of_validation_pictures_alone(clone: Checkout):
    checkout = clone.with_config(given_folder(clone))

    def lists(*targets: str) -> set[str]:
        return {Path(f).name for job in checkout.jobs(*targets) for f in job.inputs if Path(f).match("masks*.csv")}

    assert lists("evaluate_nsrom", "evaluate_smvwe", "generic_table3", "nsrom_figure4") == {"masks_val.csv"}
    for target in ("stage_quality", "nsrom_figure5", "smvwe_words", "smvwe_ablation"):
        assert lists(target) == {"masks_train.csv"}, target
    assert lists("fully_supervised") == {"masks_train.csv", "masks_val.csv"}
    without = overlay(
        clone, "without.yaml", {"full_supervision": None, "tables": {"nsrom_table3": {"rows": ["baseline", "nsrom"]}}}
    )
    checkout = checkout.with_config(*checkout.config, without)
    assert lists("nsrom_table3") == {"masks_val.csv"}


def test_seeds_multiply_all_but_the_data(clone: Checkout, table3: dict[str, int]):
    seeds = overlay(clone, "seeds.yaml", {"seeds": [0, 1, 2]})
    data = ("build_openmoji", "check_images", "check_masks", "check_saliency")
    expected = {rule: count * (1 if rule in data else 3) for rule, count in chain(table3).items()}
    assert chain(clone.with_config(seeds).dry_run("nsrom_table3")) == expected


@pytest.mark.parametrize(
    ("sweep", "value", "added"),
    [
        # A kernel size: masking and what follows.
        ("nsrom_figure6", 25, {"mask_nonsalient_region": 1, "train_segmentation": 1, "evaluate": 1}),
        # A number of nodes: a classifier, and so everything.
        (
            "nsrom_figure7",
            8,
            {
                "train_classifier": 1,
                "export_cams": 1,
                "train_integral": 1,
                "export_integral_cams": 1,
                "fuse_saliency": 1,
                "mine_potential_objects": 1,
                "train_segmentation": 2,
                "predict_training_images": 1,
                "mask_nonsalient_region": 1,
                "evaluate": 1,
            },
        ),
    ],
)
def test_one_more_value_adds_exactly_one_chain(clone: Checkout, sweep: str, value: int, added: dict[str, int]):
    values = yaml.safe_load((clone.folder / "config/config.yaml").read_text())["sweeps"][sweep]["values"]
    longer = overlay(clone, f"{sweep}.yaml", {"sweeps": {sweep: {"values": [*values, value]}}})
    before, after = clone.with_config().dry_run(sweep), clone.with_config(longer).dry_run(sweep)
    assert difference(chain(after), chain(before)) == added


# --- the guard ----------------------------------------------------------------------------------------------------


def is_ground_truth(file: str) -> bool:
    return "SegmentationClass" in Path(file).parts or Path(file).match("masks*.csv")


@pytest.mark.parametrize("given", [False, True], ids=["embedded", "given_folder"])
def test_only_full_supervision_can_reach_ground_truth(clone: Checkout, given: bool):
    checkout = clone.with_config(*([given_folder(clone)] if given else []))
    jobs = checkout.jobs("nsrom_table3", "nsrom_table4", "nsrom_figure6", "nsrom_figure7")
    training = [job for job in jobs if job.rule.startswith("train_")]
    assert {job.rule for job in training} == {
        "train_classifier", "train_integral", "train_segmentation", "train_fully_supervised",
    }  # fmt: skip
    assert len([job for job in training if job.rule == "train_segmentation"]) > 20
    for job in training:
        files = reachable(job, jobs)
        assert any(Path(file).name == "images.csv" for file in files)  # the walk does walk
        found = sorted(filter(is_ground_truth, files))
        assert bool(found) == (job.rule == "train_fully_supervised"), f"{job.rule} {job.wildcards}: {found}"


def test_final_predictions_of_training_pictures_are_those_shown_and_reach_no_ground_truth(clone: Checkout):
    jobs = clone.with_config().jobs("nsrom_figure5")
    (shown,) = [job for job in jobs if job.rule == "predict_shown"]
    assert "results/openmoji/round2/default/seed-0/model.safetensors" in shown.inputs
    assert not [f for f in reachable(shown, jobs) if is_ground_truth(f)]
    assert not {"evaluate", "train_fully_supervised"} & {job.rule for job in jobs}
