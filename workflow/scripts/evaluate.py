"""Scores a segmentation network on the validation pictures, with and without CRF."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.evaluation import evaluate

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    evaluate(
        pictures,
        read_masks(snakemake.input.masks),
        classes,
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        metrics=Path(snakemake.output.metrics),
        per_class=Path(snakemake.output.per_class),
        folder=Path(snakemake.output.predictions),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
        key=run.fingerprint,
    )
