"""Predicts the pictures of a split that has no labels with an experiment's final network."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.segmentation import predict

    classes = read_classes(snakemake.input.classes)
    # There are no image-level labels to keep the classes of.
    run.settings.update({"prediction.filter_by_labels": False, "prediction.crf.enabled": snakemake.params.crf})
    predict(
        read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split),
        len(classes),
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=Path(snakemake.output.labels),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
    )
