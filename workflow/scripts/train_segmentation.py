"""Trains the segmentation network of one round on pseudo labels."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images
    from wsss.segmentation import train_segmentation

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    labels = Path(snakemake.input.labels)
    check_folder(labels, snakemake.input.manifest, [p.image_id for p in pictures])
    train_segmentation(
        pictures,
        lambda p: labels / f"{p.image_id}.png",
        len(classes),
        run.settings,
        seed=run.seed,
        round_number=int(snakemake.wildcards.round[-1]),
        checkpoint=Path(snakemake.output.checkpoint),
        history=Path(snakemake.output.history),
        progress=run.progress,
        weights=run.weights,
        workers=run.threads,
        state=run.state,
    )
