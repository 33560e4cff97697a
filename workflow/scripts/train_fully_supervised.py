"""Trains the same network on true masks: full supervision, not a method."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.segmentation import train_segmentation

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    masks = read_masks(snakemake.input.masks)
    train_segmentation(
        pictures,
        lambda p: masks[p.image_id],
        len(classes),
        run.settings,
        seed=run.seed,
        round_number=1,
        checkpoint=Path(snakemake.output.checkpoint),
        history=Path(snakemake.output.history),
        progress=run.progress,
        weights=run.weights,
        workers=run.threads,
        state=run.state,
    )
