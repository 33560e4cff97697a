"""Checks and lists the pictures of a split that has no labels."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data_checks import check_unlabelled

    s = run.settings
    check_unlabelled(Path(s["folder"]), Path(snakemake.output.images), s["split"], run.progress)
