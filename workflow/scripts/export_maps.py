"""Exports CAMs (of the classifier) or OA-CAMs (of the integral attention model)."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.nsrom.stages import export_maps

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    export_maps(
        pictures,
        len(classes) - 1,
        run.settings,
        integral=snakemake.params.integral,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=Path(snakemake.output.maps),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
        key=run.fingerprint,
    )
