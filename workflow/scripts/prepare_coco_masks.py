"""Draws the ground-truth masks of MS-COCO from its instance annotations."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.coco.masks import prepare_masks

    prepare_masks(
        Path(run.settings["annotations"]),
        Path(snakemake.output.masks),
        {Path(f).stem: Path(f).read_text().split() for f in snakemake.input.splits},
        year=run.settings["year"],
        progress=run.progress,
        processes=run.threads,
    )
