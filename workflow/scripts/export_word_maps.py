"""Exports the maps that the network of SMVWE draws of the training pictures."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.smvwe.stages import export_maps

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    export_maps(
        pictures,
        len(classes) - 1,
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=Path(snakemake.output.maps),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
        key=run.fingerprint,
    )
