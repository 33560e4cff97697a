"""Checks the ground-truth masks, and lists them."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import check_masks

    splits = dict.fromkeys([run.settings["train"], run.settings["val"]])
    check_masks(Path(run.settings["folder"]), Path(snakemake.output.masks), splits, run.progress)
