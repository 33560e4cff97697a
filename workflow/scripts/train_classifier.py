"""Trains the classifier and accumulates its attention."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.nsrom.stages import train_classifier

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    train_classifier(
        pictures,
        len(classes) - 1,
        run.settings,
        seed=run.seed,
        checkpoint=Path(snakemake.output.checkpoint),
        attention=Path(snakemake.output.attention),
        manifest=Path(snakemake.output.manifest),
        history=Path(snakemake.output.history),
        progress=run.progress,
        weights=run.weights,
        workers=run.threads,
        state=run.state,
    )
