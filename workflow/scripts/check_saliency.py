"""Checks the training pictures' saliency maps, and lists them."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import check_saliency, read_images

    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    check_saliency(pictures, Path(run.settings["folder"]), Path(snakemake.output.saliency), run.progress)
