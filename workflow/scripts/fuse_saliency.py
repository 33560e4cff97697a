"""Fuses OA-CAMs and saliency into initial labels."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from functools import partial

    from wsss.artifacts import check_folder
    from wsss.data import read_images
    from wsss.nsrom.label_stages import initial_label, write_labels

    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    ids = [p.image_id for p in pictures]
    check_folder(Path(snakemake.input.maps), snakemake.input.manifest, ids)
    make = partial(
        initial_label,
        maps=Path(snakemake.input.maps),
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
