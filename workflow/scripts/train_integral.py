"""Trains the integral attention model on the accumulated maps."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images
    from wsss.nsrom.stages import train_integral

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    check_folder(Path(snakemake.input.attention), snakemake.input.manifest, [p.image_id for p in pictures])
    train_integral(
        pictures,
        len(classes) - 1,
        run.settings,
        seed=run.seed,
        attention=Path(snakemake.input.attention),
        checkpoint=Path(snakemake.output.checkpoint),
        history=Path(snakemake.output.history),
        progress=run.progress,
        weights=run.weights,
        workers=run.threads,
        state=run.state,
    )
