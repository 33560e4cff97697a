"""Checks the ground-truth masks of a split, and lists them."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import check_masks

    check_masks(
        Path(run.settings["folder"]),
        Path(snakemake.output.masks),
        [snakemake.wildcards.split],
        run.progress,
        needed=snakemake.params.needed,
    )
