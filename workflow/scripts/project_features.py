"""Projects the features of the training pictures on the patterns of their classes."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.generic.stages import export_projections

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    export_projections(
        pictures,
        len(classes) - 1,
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        patterns=Path(snakemake.input.patterns),
        folder=Path(snakemake.output.projections),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
    )
