"""Finds the pattern of every class in the features of a block."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.generic.stages import find_patterns

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    find_patterns(
        pictures,
        classes[1:],
        run.settings,
        seed=run.seed,
        checkpoint=Path(snakemake.input.checkpoint),
        patterns=Path(snakemake.output.patterns),
        table=Path(snakemake.output.table),
        images=Path(snakemake.output.images),
        progress=run.progress,
        workers=run.threads,
    )
