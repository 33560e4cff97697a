"""Measures the boundaries of the labels of each stage against those of the true masks (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.boundaries import measure_boundaries
    from wsss.data import read_images, read_masks

    p, given = snakemake.params, snakemake.input
    measure_boundaries(
        read_images(given.images, given.classes, p.split),
        read_masks(given.masks),
        {n: Path(given[n]) for n in p.stages if hasattr(given, n)},
        Path(snakemake.output.boundaries),
        run.progress,
        tolerance=p.tolerance,
        aligned=p.aligned,
        processes=run.threads,
    )
