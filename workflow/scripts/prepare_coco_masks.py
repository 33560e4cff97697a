"""Draws the ground-truth masks of MS-COCO from its instance annotations."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.coco.masks import prepare_masks
    from wsss.given_lists import read_ids

    prepare_masks(
        Path(run.settings["annotations"]),
        Path(snakemake.output.masks),
        {Path(f).stem: read_ids(Path(f)) for f in snakemake.input.splits},
        year=run.settings["year"],
        crowds=run.settings["crowds"],
        progress=run.progress,
        processes=run.threads,
    )
