"""Measures the labels of each stage against the true masks (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.quality import stage_quality

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    stages = {n: Path(snakemake.input[n]) for n in snakemake.params.stages if hasattr(snakemake.input, n)}
    stage_quality(
        pictures,
        read_masks(snakemake.input.masks),
        stages,
        len(classes),
        Path(snakemake.output.quality),
        run.progress,
        aligned=snakemake.params.aligned,
    )
