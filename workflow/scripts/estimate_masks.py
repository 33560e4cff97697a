"""Estimates the masks of the training pictures from projections."""

from pathlib import Path

from label_job import label_job

with label_job(snakemake, "projections") as labels:
    from wsss.data import read_classes
    from wsss.generic.masks import estimated_mask, silent_pictures

    labels.write(estimated_mask)
    if labels.made.whole:
        names, listed, run = read_classes(snakemake.input.classes), Path(snakemake.output.silent), labels.run
        silent = silent_pictures(labels.pictures, labels.made.labels, names, listed, run.progress)
        run.progress.say(f"{silent} pictures of one class have no pixel of it: {run.settings['generic.silent']}")
