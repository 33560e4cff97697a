"""Trains the network of SMVWE: maps of classes and visual words, jointly."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.smvwe.stages import train_network

    given = snakemake.input
    classes = read_classes(given.classes)
    pictures = read_images(given.images, given.classes, snakemake.params.split, given.get("saliency") or None)
    train_network(
        pictures,
        len(classes) - 1,
        run.settings,
        seed=run.seed,
        checkpoint=Path(snakemake.output.checkpoint),
        history=Path(snakemake.output.history),
        progress=run.progress,
        weights=run.weights,
        workers=run.threads,
        state=run.state,
    )
