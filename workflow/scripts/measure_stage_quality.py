"""Measures the labels of each stage against the true masks (evaluation only)."""

from pathlib import Path

from checked_inputs import checked_folders
from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.quality import stage_quality

    p, given = snakemake.params, snakemake.input
    pictures = read_images(given.images, given.classes, p.split)
    stage_quality(
        pictures,
        read_masks(given.masks),
        checked_folders(given, p.stages, pictures),
        len(read_classes(given.classes)),
        Path(snakemake.output.quality),
        run.progress,
        aligned=p.aligned,
    )
