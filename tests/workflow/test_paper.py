"""The target ``paper``: what it plans, job by job; and the ledger, which takes what exists and forces nothing."""

import shutil

import pandas as pd
import pytest
import yaml
from checkouts import REPOSITORY, Checkout
from test_dag import chain, difference, given_folder, overlay

# What each table and figure adds to those on its left, rule by rule. Tables 1 and 2 have rows of Table 3.
#   Table 3, Table 4, Figure 6, Figure 7
DEFAULT = {
    "train_fully_supervised": (1, 0, 0, 0),  # full supervision
    # Without GR and from both starts of it; one for each N from the published start, of which Table 3 has N = 32.
    "train_classifier": (3, 0, 0, 4),
    "export_cams": (1, 0, 0, 5),  # mining alone needs them, so only gr_pom and what comes after it
    "train_integral": (3, 0, 0, 4),
    "export_integral_cams": (3, 0, 0, 4),
    "fuse_saliency": (3, 0, 0, 4),
    "mine_potential_objects": (4, 0, 0, 5),  # baseline, both of gr, which mine nothing, gr_pom; one for each N
    # Table 3: first rounds on these four, second ones of gr_retrain, gr_pom_retrain and nsrom.
    # Figure 6: r = 10 is nsrom, and r = 1 is Table 4's row without dilation. Figure 7: two rounds for each N.
    "train_segmentation": (7, 4, 4, 10),
    "predict_training_images": (2, 0, 0, 5),  # gr and gr_pom have a second round
    "mask_nonsalient_region": (1, 4, 4, 5),
    "evaluate": (8, 4, 4, 5),  # a row, or a value
}
# Three rows of method in Table 3 (baseline, gr_pom, nsrom); r = 10 and N = 32 are nsrom.
TINY = {
    "train_fully_supervised": (1, 0, 0, 0),
    "train_classifier": (2, 0, 0, 0),
    "export_cams": (1, 0, 0, 0),
    "train_integral": (2, 0, 0, 0),
    "export_integral_cams": (2, 0, 0, 0),
    "fuse_saliency": (2, 0, 0, 0),
    "mine_potential_objects": (2, 0, 0, 0),
    "train_segmentation": (3, 1, 0, 0),  # first rounds of baseline and gr_pom; nsrom; without dilation
    "predict_training_images": (1, 0, 0, 0),
    "mask_nonsalient_region": (1, 1, 0, 0),
    "evaluate": (4, 1, 0, 0),
}
# The rows of TINY's Table 3 with all of Table 4; r = 30 is nsrom, so that r = 10 is one more value of Figure 6.
PHOTOS = DEFAULT | {
    "train_classifier": (2, 0, 0, 5),
    "train_integral": (2, 0, 0, 5),
    "export_integral_cams": (2, 0, 0, 5),
    "fuse_saliency": (2, 0, 0, 5),
    "mine_potential_objects": (2, 0, 0, 5),
    "train_segmentation": (3, 4, 5, 10),
    "predict_training_images": (1, 0, 0, 5),
    "mask_nonsalient_region": (1, 4, 5, 5),
    "evaluate": (4, 4, 5, 5),
}
# Tables 1 and 2 have rows of their own: VGG-16 and ImageNet's ResNet-101, each a first and a second round.
#   Table 3, Table 4, Figure 6, Figure 7, Table 1, Table 2
VOC = {
    "train_fully_supervised": (1, 0, 0, 0, 0, 0),
    "train_classifier": (3, 0, 0, 4, 0, 0),
    "export_cams": (1, 0, 0, 4, 0, 0),
    "train_integral": (3, 0, 0, 4, 0, 0),
    "export_integral_cams": (3, 0, 0, 4, 0, 0),
    "fuse_saliency": (3, 0, 0, 4, 0, 0),
    "mine_potential_objects": (4, 0, 0, 4, 0, 0),
    "train_segmentation": (7, 4, 6, 8, 2, 2),  # Figure 6 has seven values, of which r = 30 is nsrom
    "predict_training_images": (2, 0, 0, 4, 1, 1),
    "mask_nonsalient_region": (1, 4, 6, 4, 1, 1),
    "evaluate": (8, 4, 6, 4, 1, 1),
}
# Where the data come from: built here, planned with an empty folder, or downloaded, as initial weights are.
BUILT, GIVEN = {"build_openmoji": 1}, {}
DOWNLOADED = {
    "download_voc2012": 2,  # VOC's archive and SBD's
    "prepare_voc2012": 1, "prepare_voc2012_masks": 1,
    "download_saliency_model": 1, "detect_saliency": 1,
    "fetch_weights": 3, "convert_weights": 1,  # VGG-16; ResNet-101, ImageNet; ResNet-101, MS-COCO, which is converted
}  # fmt: skip
# Scored without training: no saliency, no weights to start from.
RELEASED = {
    "download_voc2012": 2, "prepare_voc2012": 1, "prepare_voc2012_masks": 1, "check_images": 1, "check_masks": 1,
    "fetch_weights": 1, "convert_checkpoint": 1, "evaluate": 1, "evaluate_released": 1,
}  # fmt: skip
# The same for every config.
DATA = {"check_images": 1, "check_masks": 2, "check_saliency": 1}
SHOWN = {
    "compute_comparison": 2, "write_comparison": 2,  # Tables 1 and 2
    "compute_table": 2, "write_table": 2,  # Tables 3 and 4
    "draw_predictions": 1,  # Figure 4
    "predict_shown": 1, "draw_evolution": 1,  # Figure 5
    "compute_sweep": 2, "draw_sweep": 2,  # Figures 6 and 7
    "measure_stage_quality": 2, "compute_stage_quality": 1, "write_stage_quality": 1,  # of baseline and nsrom
    "compute_ledger": 1, "write_ledger": 1,
    "measure_runtime": 1, "collect_provenance": 1, "report": 1, "paper": 1,
}  # fmt: skip
CONFIGS = {  # overlays → its plan
    "config.yaml": (DEFAULT, BUILT),
    "tiny.yaml": (TINY, BUILT),
    "photos.yaml": (PHOTOS, GIVEN),
    "voc2012.yaml": (VOC, DOWNLOADED),
    "voc2012.yaml voc2012_paper.yaml": (VOC, DOWNLOADED),
}


@pytest.mark.parametrize("config", CONFIGS)
def test_the_whole_paper_is_exactly_these_jobs(clone: Checkout, config: str):
    expected, data = CONFIGS[config]
    files = [f"config/{name}" for name in config.split()] + ([given_folder(clone)] if data is GIVEN else [])
    counts = clone.with_config(*files).dry_run("paper")
    assert counts == DATA | data | {rule: sum(parts) for rule, parts in expected.items()} | SHOWN


def test_the_parts_of_the_plan_are_the_tables_and_figures(clone: Checkout):
    """The columns of ``DEFAULT`` are what the targets add, one after the other; Tables 1 and 2 train nothing."""
    targets, before = [], {}
    for number, target in enumerate(["nsrom_table3", "nsrom_table4", "nsrom_figure6", "nsrom_figure7"]):
        targets.append(target)
        after = chain(clone.with_config().dry_run(*targets))
        added = {rule: count for rule, count in difference(after, before).items() if rule in DEFAULT}
        assert added == {rule: parts[number] for rule, parts in DEFAULT.items() if parts[number]}
        before = after
    assert chain(clone.with_config().dry_run(*targets, "nsrom_table1", "nsrom_table2")) == before


def test_a_released_network_is_scored_without_training_or_saliency(clone: Checkout):
    assert clone.with_config("config/voc2012.yaml").dry_run("evaluate_released") == RELEASED
    seeds = overlay(clone, "three.yaml", {"seeds": [0, 1, 2]})  # which draw nothing here
    assert clone.with_config("config/voc2012.yaml", seeds).dry_run("evaluate_released") == RELEASED


def test_a_second_baseline_has_the_data_of_the_first(clone: Checkout):
    """The paper's text and the published code learn from one copy of VOC, and only that is shared."""
    code, text = (
        {output for job in clone.with_config(*files).jobs("nsrom_table3") for output in job.outputs}
        for files in (["config/voc2012.yaml"], ["config/voc2012.yaml", "config/voc2012_paper.yaml"])
    )
    shared = {file for file in code & text if file.startswith("results/")}
    assert shared == {file for file in code if file.startswith("results/voc2012/data/")}
    lists = ("images", "masks_trainaug", "masks_val", "saliency")
    assert {f"results/voc2012/data/{name}.csv" for name in lists} < shared
    assert all(f.startswith("results/voc2012_paper/") for f in text - shared if f.startswith("results/"))


def test_one_more_kernel_adds_no_classifier(clone: Checkout):
    values = yaml.safe_load((clone.folder / "config/config.yaml").read_text())["sweeps"]["nsrom_figure6"]["values"]
    longer = overlay(clone, "kernels.yaml", {"sweeps": {"nsrom_figure6": {"values": [*values, 25]}}})
    before, after = clone.with_config().dry_run("paper"), clone.with_config(longer).dry_run("paper")
    assert difference(after, before) == {"mask_nonsalient_region": 1, "train_segmentation": 1, "evaluate": 1}


def test_an_unknown_table_of_published_methods_is_named(clone: Checkout):
    wrong = overlay(clone, "wrong.yaml", {"tables": {"nsrom_table1": {"compare_with": "nsrom_tabel1"}}})
    run = clone.with_config(wrong).snakemake("--dry-run", "nsrom_table3", check=False)
    assert run.returncode
    assert "tables.nsrom_table1.compare_with is 'nsrom_tabel1'" in run.stdout
    assert "nsrom_table1, nsrom_table2" in run.stdout


# --- the ledger ---------------------------------------------------------------------------------------------------


def test_the_ledger_alone_trains_nothing(clone: Checkout):
    assert clone.dry_run("ledger") == {"ledger": 1, "compute_ledger": 1, "write_ledger": 1}


@pytest.mark.parametrize(
    ("target", "evaluated"),
    [
        ("nsrom_table4", ["default", "kernel-1", "retrain_on-none"]),  # nsrom, nsrm_without_dilation, gr_pom
        ("nsrom_table1", ["default"]),
        ("nsrom_figure4", ["default", "global_reasoning-off_mining.enabled-off_retrain_on-none"]),  # with baseline
        ("nsrom_figure6", ["default", "kernel-1"]),  # of its values, those that are an experiment
    ],
)
def test_the_ledger_comes_after_what_is_asked_for(clone: Checkout, target: str, evaluated: list[str]):
    kernels = overlay(clone, "ledger.yaml", {"sweeps": {"nsrom_figure6": {"values": [1, 10, 20]}}})
    jobs = clone.with_config("config/tiny.yaml", kernels).jobs(target, "ledger")
    (ledger,) = [job for job in jobs if job.rule == "compute_ledger"]
    assert sorted(f.split("/")[-3] for f in ledger.inputs if f.endswith("metrics.json")) == evaluated


def test_the_ledger_takes_what_exists_and_claims_nothing(tiny_copy: Checkout):
    """Table 3 has been evaluated: the ledger shows its rows, be they outdated, and adds no job of the chain."""
    (tiny_copy.folder / "src/wsss/deeplab.py").open("a").write("\n# an edit\n")
    assert tiny_copy.dry_run("ledger") == {"ledger": 1, "compute_ledger": 1, "write_ledger": 1}
    tiny_copy.snakemake("ledger")
    table = pd.read_csv(tiny_copy.results / "tables" / "ledger.csv").set_index("label")
    assert {label for label, seeds in table["seeds"].items() if seeds} == {
        "baseline", "+ GR + POM", "+ GR + POM + NSRM"
    }  # fmt: skip
    assert {"+ GR, identity start", "NSRM on all images", "generic features, C41"} <= set(table.index)
    assert not {"paper", "difference", "verdict"} & set(table.columns)
    assert tiny_copy.dry_run("ledger") == {}


def test_elsewhere_a_table_beside_published_methods_shows_ours_alone(tiny_copy: Checkout):
    tiny_copy.snakemake("nsrom_table1")
    text = (tiny_copy.results / "tables" / "nsrom_table1.md").read_text()
    assert "+ GR + POM + NSRM | I+S | EfficientNet-Lite0" in text and "they say nothing about this data set" in text
    assert "SEC" not in text and "65.5" not in text


def as_voc(checkout: Checkout, settings: dict) -> Checkout:
    """The tiny evaluations under the name of VOC 2012, with these settings."""
    shutil.copytree(checkout.results, checkout.folder / "results" / "voc2012", copy_function=shutil.copy2)
    return checkout.with_config(
        "config/tiny.yaml", overlay(checkout, "voc.yaml", {"dataset": {"name": "voc2012"}, **settings})
    )


def test_on_the_papers_data_set_its_tables_stand_before_ours(tiny_copy: Checkout):
    """Methods as rows with their sections, classes as columns, and what has to be said of them, in every form."""
    tables = {
        "nsrom_table1": {"compare_with": "generic_table2"},
        "nsrom_table3": {"compare_classes_with": "smvwe_table1"},
    }
    voc, shown = as_voc(tiny_copy, {"tables": tables}), tiny_copy.folder / "results/voc2012/tables"
    shutil.rmtree(shown)
    voc.snakemake("nsrom_table1", "nsrom_table3")
    methods = pd.read_csv(shown / "nsrom_table1.csv")
    assert methods["section"].nunique() == 4 and len(methods) == 21
    assert methods["method"].tolist()[-2:] == ["Ours (ResNet101)", "+ GR + POM + NSRM"]
    assert methods["from"].tolist()[-2:] == ["paper's own", "this run"]
    for form in ("md", "tex", "html"):
        text = (shown / f"nsrom_table1.{form}").read_text()
        assert text.count("Supervision: Scribbles") == 1 and "backbone VGG16 unless" in text and "NaN" not in text
    classes = pd.read_csv(shown / "nsrom_table3_classes.csv").set_index("class")
    assert classes.columns.tolist()[5:8] == ["Ours (VWE) (paper)", "Ours (SMVWE) (paper)", "full supervision"]
    assert classes.loc["tvmonitor", "SEAM (paper)"] == 53.0 and classes.loc["mIoU", "MCOF (paper)"] == 60.3
    for file in ("nsrom_table3_classes.md", "nsrom_table3.html"):
        assert "A dash is a cell that cannot be read" in (shown / file).read_text()


def test_on_the_papers_data_set_every_number_has_a_verdict(tiny_copy: Checkout):
    """Shown, but under other conditions than the paper's, which are named."""
    voc = as_voc(tiny_copy, {})
    assert chain(voc.dry_run("ledger")) == {}
    voc.snakemake("ledger")
    table = pd.read_csv(tiny_copy.folder / "results/voc2012/tables/ledger.csv").set_index("number")
    papers = sorted((REPOSITORY / "config/paper").glob("*_ledger.csv"))
    stated = pd.concat(map(pd.read_csv, papers)).set_index("number")
    assert table["paper"].to_dict() == stated["value"].to_dict()
    verdicts = table["verdict"].to_dict()
    others = {n: v for n, v in verdicts.items() if v.startswith("other conditions: ")}
    assert set(others) == {"nsrom_table3_baseline", "nsrom_table3_gr_pom", "nsrom_table3_nsrom"}
    assert all("pictures 6 instead of 1449" in v and "backbone EfficientNet-Lite0" in v for v in others.values())
    assert {v for n, v in verdicts.items() if n not in others} == {"not run"}
    page = (tiny_copy.folder / "results/voc2012/tables/ledger.html").read_text()
    assert "70.4" in page and "NaN" not in page and ">nan<" not in page


def test_the_ledger_takes_nothing_that_was_made_with_other_settings(tiny_copy: Checkout):
    changed = overlay(tiny_copy, "changed.yaml", {"prediction": {"crf": {"iterations": 3}}})
    tiny_copy.forget_baseline()
    tiny_copy.with_config("config/tiny.yaml", changed).snakemake("ledger")
    assert set(pd.read_csv(tiny_copy.results / "tables" / "ledger.csv")["seeds"]) == {0}
