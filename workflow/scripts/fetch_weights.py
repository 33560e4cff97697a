"""Fetches a file of initial weights."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.weights import fetch

    fetch(Path(snakemake.output.weights), run.progress, **snakemake.params.source)
