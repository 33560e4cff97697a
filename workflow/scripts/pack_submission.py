"""Packs predictions as the VOC evaluation server wants them, and checks the archive."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images
    from wsss.voc.submission import pack

    given = snakemake.input
    pictures = read_images(given.images, given.classes, snakemake.params.split)
    check_folder(Path(given.predictions), Path(given.manifest), [p.image_id for p in pictures])
    classes = read_classes(given.classes)
    pack(Path(given.predictions), pictures, Path(snakemake.output.archive), len(classes), run.progress)
