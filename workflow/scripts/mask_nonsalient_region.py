"""Masks non-salient regions of first-round predictions."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from functools import partial

    from wsss.artifacts import check_folder
    from wsss.data import read_images
    from wsss.nsrom.label_stages import masked_label, write_labels

    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    ids = [p.image_id for p in pictures]
    check_folder(Path(snakemake.input.predictions), snakemake.input.predictions_manifest, ids)
    check_folder(Path(snakemake.input.labels), snakemake.input.labels_manifest, ids)
    make = partial(
        masked_label,
        predictions=Path(snakemake.input.predictions),
        labels=Path(snakemake.input.labels),
        settings=run.settings,
    )
    write_labels(
        make,
        pictures,
        Path(snakemake.output.labels),
        Path(snakemake.output.manifest),
        progress=run.progress,
        processes=run.threads,
    )
