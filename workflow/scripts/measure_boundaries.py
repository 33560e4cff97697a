"""Measures the boundaries of the labels of each stage against those of the true masks (evaluation only)."""

from pathlib import Path

from checked_inputs import checked_folders
from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.boundaries import measure_boundaries
    from wsss.data import read_images, read_masks

    p, given = snakemake.params, snakemake.input
    pictures = read_images(given.images, given.classes, p.split)
    measure_boundaries(
        pictures,
        read_masks(given.masks),
        checked_folders(given, p.stages, pictures),
        Path(snakemake.output.boundaries),
        run.progress,
        tolerance=p.tolerance,
        aligned=p.aligned,
        processes=run.threads,
    )
