"""Predicts the pictures of a split with a segmentation network."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.segmentation import predict

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    predict(
        pictures,
        len(classes),
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=Path(snakemake.output.labels),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
        key=run.fingerprint,
    )
