"""Only image-level labels train: what the guard refuses while real jobs run."""

import re
from pathlib import Path

import pytest
from checkouts import REPOSITORY, Checkout, reachable

SENTENCE = "is ground truth, and only image-level labels may train"
TRAINED = {
    "train_classifier": "results/tiny/classifier/default/seed-0/model.safetensors",
    "train_integral": "results/tiny/integral/default/seed-0/model.safetensors",
    "train_segmentation": "results/tiny/round1/default/seed-0/model.safetensors",
}


def scripts_by_rule() -> dict[str, str]:
    """Rule → text of its script."""
    found = {}
    for file in sorted((REPOSITORY / "rules").glob("*.smk")):
        for rule, script in re.findall(
            r"^ *rule (\w+):(?:(?!^ *rule ).)*?scripts/(\w+\.py)", file.read_text(), re.DOTALL | re.MULTILINE
        ):
            found[rule] = (REPOSITORY / "workflow/scripts" / script).read_text()
    return found


@pytest.mark.parametrize("rule", TRAINED)
def test_a_training_job_cannot_open_a_mask(tiny_copy: Checkout, rule: str):
    """Every training script, made to read one mask in a real job."""
    script = tiny_copy.folder / f"workflow/scripts/{rule}.py"
    mask = next((tiny_copy.results / "data/openmoji/SegmentationClass").glob("*.png")).relative_to(tiny_copy.folder)
    opening = "with job(snakemake) as run:\n"
    assert script.read_text().count(opening) == 1
    script.write_text(script.read_text().replace(opening, f'{opening}    open("{mask}", "rb").close()\n'))
    run = tiny_copy.snakemake(TRAINED[rule], check=False)
    assert run.returncode
    assert f"{mask} {SENTENCE}" in run.stdout
    assert not (tiny_copy.folder / TRAINED[rule]).exists()


def test_training_on_masks_in_place_of_labels_fails(tiny_copy: Checkout):
    """The mistake itself: round 1 is given the true masks, which lie ready in the right form."""
    script = tiny_copy.folder / "workflow/scripts/train_segmentation.py"
    labels, masks = "labels / f", 'Path("results/tiny/data/openmoji/SegmentationClass") / f'
    assert script.read_text().count(labels) == 1
    script.write_text(script.read_text().replace(labels, masks))
    run = tiny_copy.snakemake(TRAINED["train_segmentation"], check=False)
    assert run.returncode
    assert SENTENCE in run.stdout
    assert not (tiny_copy.folder / TRAINED["train_segmentation"]).exists()


def test_full_supervision_may_read_masks(tiny_run: Checkout):
    """The same guard lets full supervision through: it was trained in the same run."""
    assert list((tiny_run.results / "fully_supervised").glob("*/seed-0/model.safetensors"))


def test_all_that_training_depends_on_is_guarded(clone: Checkout):
    """No job upstream of a training but the one that composes the data set may read masks either."""
    jobs = clone.jobs("nsrom_table3")
    maker = {output: job.rule for job in jobs for output in job.outputs}
    scripts = scripts_by_rule()
    rules = set(TRAINED)
    for job in jobs:
        if job.rule in TRAINED:
            rules |= {maker[file] for file in reachable(job, jobs) if file in maker}
    assert {"check_images", "fuse_saliency", "mask_nonsalient_region", "predict_training_images"} < rules
    assert {rule for rule in rules if "may_read_masks" in scripts[rule]} == {"build_openmoji"}
    assert "may_read_masks=True" in scripts["train_fully_supervised"]


def test_pictures_are_read_where_the_guard_sees_it():
    """The guard hears of Python's own ``open``; a library that opens files by itself would go unheard."""
    unheard = re.compile(r"cv2\.imread|VideoCapture|read_image\(|decode_image\(|read_file\(|imreadmulti")
    sources = [*(REPOSITORY / "src").rglob("*.py"), *(REPOSITORY / "workflow").rglob("*.py")]
    assert sources
    assert [str(Path(f).name) for f in sources if unheard.search(f.read_text())] == []
