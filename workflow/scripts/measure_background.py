"""Measures what each background score does to the labels, against true masks (evaluation only)."""

from pathlib import Path

from checked_inputs import checked_folders
from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.artifacts import written_aside
    from wsss.data import read_classes, read_images, read_masks
    from wsss.smvwe.background import background_quality

    given, classes = snakemake.input, read_classes(snakemake.input.classes)
    pictures = read_images(given.images, given.classes, snakemake.params.split, given.saliency)
    maps = checked_folders(given, ["maps"], pictures)["maps"]
    table = background_quality(
        pictures, read_masks(given.masks), maps, len(classes), run.progress, aligned=snakemake.params.aligned
    )
    with written_aside(Path(snakemake.output.quality)) as aside:
        table.to_csv(aside, index=False)
