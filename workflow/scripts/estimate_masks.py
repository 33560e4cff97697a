"""Estimates the masks of the training pictures from projections."""

from functools import partial
from pathlib import Path

from job import job
from parts_job import whole_or_part

with job(snakemake) as run, whole_or_part(snakemake) as made:
    from wsss.artifacts import check_folder
    from wsss.data import read_classes, read_images
    from wsss.generic.masks import estimated_mask, silent_pictures
    from wsss.label_folder import write_labels
    from wsss.parts import part_of

    given = snakemake.input
    pictures = part_of(read_images(given.images, given.classes, snakemake.params.split), made.name)
    projections = Path(given.projections)
    check_folder(projections, given.projections_manifest, [p.image_id for p in pictures])
    write_labels(
        partial(estimated_mask, projections=projections, settings=run.settings),
        pictures,
        made.labels,
        made.manifest,
        progress=run.progress,
        processes=run.threads,
        parts=made.parts,
        key=run.fingerprint,
    )
    if made.whole:
        names, listed = read_classes(given.classes), Path(snakemake.output.silent)
        silent = silent_pictures(pictures, made.labels, names, listed, run.progress)
        run.progress.say(f"{silent} pictures of one class have no pixel of it: {run.settings['generic.silent']}")
