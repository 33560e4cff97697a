"""Stages that are scattered over several jobs: the same bytes, and nothing is stale for it."""

import shutil
from pathlib import Path

import pytest
from checkouts import REPOSITORY, TARGETS, Checkout, job_counts

SCATTERED = {
    "fuse_saliency": "initial_labels",
    "mine_potential_objects": "pseudo_labels",
    "predict_training_images": "predictions",
    "mask_nonsalient_region": "masked_labels",
    "evaluate": "evaluation",
}
# Between two steps there is a training, which would be planned anew for labels that are made anew.
STEPS = [["initial_labels", "pseudo_labels"], ["predictions", "masked_labels"], ["evaluation"]]
VARIANT = "default/seed-0"


def scatter(number: int) -> tuple[str, str]:
    return "--set-scatter", f"images={number}"


def contents(folder: Path) -> dict[str, bytes]:
    """All files, less when and how long a job ran."""
    files = [f for f in folder.rglob("*") if f.is_file() and f.name not in (".snakemake_timestamp", "provenance.json")]
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files}


def test_the_plan_has_parts_and_who_gathers_them(clone: Checkout):
    once, scattered = (clone.dry_run("nsrom_table3", *scatter(n)) for n in (1, 3))
    assert once == clone.dry_run("nsrom_table3")
    assert not [rule for rule in once if rule.endswith("_part")]
    assert scattered == once | {f"{rule}_part": 3 * once[rule] for rule in SCATTERED}


def test_scattered_stages_make_the_same_bytes(tiny_copy: Checkout):
    folders = [tiny_copy.results / stage / VARIANT for stage in SCATTERED.values()]
    before = [contents(folder) for folder in folders]
    assert all(before)
    for stages in STEPS:
        for stage in stages:
            shutil.rmtree(tiny_copy.results / stage / VARIANT)
        targets = [f"results/tiny/{stage}/{VARIANT}/manifest.csv" for stage in stages]
        counts = job_counts(tiny_copy.snakemake(*targets, *scatter(3)).stdout)
        rules = [rule for rule, stage in SCATTERED.items() if stage in stages]
        assert counts == {rule: 1 for rule in rules} | {f"{rule}_part": 3 for rule in rules}
    assert [contents(folder) for folder in folders] == before
    # Neither the parts nor their number can make anything stale.
    for number in (1, 3, 4):
        assert tiny_copy.dry_run(*TARGETS, *scatter(number)) == {}


def test_a_part_of_an_interrupted_run_is_used_unless_it_is_stale(tiny_copy: Checkout):
    """Snakemake would make a stale part again; one that was made for another number of jobs it does not know."""
    whole = tiny_copy.results / "initial_labels" / VARIANT
    before = contents(whole)
    manifest = f"results/tiny/initial_labels/{VARIANT}/manifest.csv"
    shutil.rmtree(whole)
    tiny_copy.snakemake(f"results/tiny/initial_labels/{VARIANT}/parts/1-of-3", "--notemp", *scatter(3))
    part = whole / "parts/1-of-3"
    kept = shutil.copytree(part, tiny_copy.folder / "kept")
    for made_from in ((kept / "made_from.txt").read_text(), "an earlier version"):
        shutil.rmtree(whole)
        shutil.copytree(kept, part)
        (part / "made_from.txt").write_text(made_from)
        tiny_copy.snakemake(manifest)
        assert contents(whole) == before
        log = (tiny_copy.results / "logs/fuse_saliency/default_seed-0.txt").read_text()
        assert ("4 of 12 labels are there already" in log) == (made_from != "an earlier version")


@pytest.mark.parametrize(("number", "jobs"), [(1, 3), (8, 19)])
def test_a_value_more_in_a_sweep_costs_few_jobs_on_a_cluster(clone: Checkout, tmp_path: Path, number: int, jobs: int):
    """What draws and tabulates is local: a masking, a training and an evaluation are all that is submitted."""
    profile = (REPOSITORY / "profiles/slurm/config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(profile.replace("\n  scatter: 1", f"\n  scatter: {number}"))
    counts = []
    for values in ("[10]", "[10, 20]"):
        overlay = tmp_path / "sweep.yaml"
        overlay.write_text(f"sweeps: {{nsrom_figure6: {{values: {values}}}}}\n")
        checkout = clone.with_config(*clone.config, str(overlay))
        run = checkout.snakemake("--dry-run", "nsrom_figure6", "--profile", str(tmp_path))
        counts.append(len([line for line in run.stdout.splitlines() if line.startswith("rule ")]))
    assert counts[1] - counts[0] == jobs
