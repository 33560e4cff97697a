"""Predicts the pictures of a split with a segmentation network."""

from pathlib import Path

from job import job
from parts_job import whole_or_part

with job(snakemake) as run, whole_or_part(snakemake) as made:
    from wsss.data import read_classes, read_images
    from wsss.parts import part_of
    from wsss.segmentation import predict, prediction_batch

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    predict(
        part_of(pictures, made.name, prediction_batch(run.settings)),
        len(classes),
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=made.labels,
        manifest=made.manifest,
        progress=run.progress,
        workers=run.threads,
        parts=made.parts,
        key=run.fingerprint,
    )
