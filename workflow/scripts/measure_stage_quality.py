"""Measures the labels of each stage against the true masks (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images, read_masks
    from wsss.quality import stage_quality

    p, given = snakemake.params, snakemake.input
    pictures = read_images(given.images, given.classes, p.split)
    stages = {n: Path(given[n]) for n in p.stages if hasattr(given, n)}
    for name, folder in stages.items():
        check_folder(folder, given[f"{name}_manifest"], [q.image_id for q in pictures])
    stage_quality(
        pictures,
        read_masks(given.masks),
        stages,
        len(read_classes(given.classes)),
        Path(snakemake.output.quality),
        run.progress,
        aligned=p.aligned,
    )
