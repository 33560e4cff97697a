"""Measures the boundaries of the labels of each stage against those of the true masks (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.artifacts import check_folder
    from wsss.boundaries import measure_boundaries
    from wsss.data import read_images, read_masks

    p, given = snakemake.params, snakemake.input
    pictures = read_images(given.images, given.classes, p.split)
    stages = {n: Path(given[n]) for n in p.stages if hasattr(given, n)}
    for name, folder in stages.items():
        check_folder(folder, given[f"{name}_manifest"], [q.image_id for q in pictures])
    measure_boundaries(
        pictures,
        read_masks(given.masks),
        stages,
        Path(snakemake.output.boundaries),
        run.progress,
        tolerance=p.tolerance,
        aligned=p.aligned,
        processes=run.threads,
    )
