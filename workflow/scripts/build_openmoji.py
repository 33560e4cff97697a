"""Composes the embedded data set."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.openmoji import build

    build(
        Path(snakemake.output.labels).parent,
        threads=run.threads,
        progress=lambda jobs: run.progress(jobs, len(jobs), "scenes"),
        **run.settings,
    )
