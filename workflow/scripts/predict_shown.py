"""Predicts the training pictures that a figure shows, with a final network, as its evaluation predicts."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images
    from wsss.segmentation import predict

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split)
    predict(
        choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"]),
        len(read_classes(given.classes)),
        run.settings,
        checkpoint=Path(given.checkpoint),
        folder=Path(snakemake.output.labels),
        manifest=Path(snakemake.output.manifest),
        progress=run.progress,
        workers=run.threads,
        key=run.fingerprint,
    )
