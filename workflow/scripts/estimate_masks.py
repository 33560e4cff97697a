"""Estimates the masks of the training pictures from projections."""

from functools import partial
from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images
    from wsss.generic.masks import estimated_mask, silent_pictures
    from wsss.label_folder import write_labels

    given, out = snakemake.input, snakemake.output
    pictures = read_images(given.images, given.classes, snakemake.params.split)
    projections, labels = Path(given.projections), Path(out.labels)
    check_folder(projections, Path(given.projections_manifest), [p.image_id for p in pictures])
    make = partial(estimated_mask, projections=projections, settings=run.settings)
    write_labels(make, pictures, labels, Path(out.manifest), progress=run.progress, processes=run.threads)
    silent = silent_pictures(pictures, labels, read_classes(given.classes), Path(out.silent), run.progress)
    run.progress.say(f"{silent} pictures of one class have no pixel of it: {run.settings['generic.silent']}")
