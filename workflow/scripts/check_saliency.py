"""Checks the training pictures' saliency maps, and lists them."""

from pathlib import Path

from job import job
from notes import keep_notes

with job(snakemake) as run:
    from wsss.data import read_images
    from wsss.data_checks import check_saliency

    pictures, s = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split), run.settings
    notes = check_saliency(pictures, Path(s["folder"]), Path(snakemake.output.saliency), run.progress, made=s["made"])
    keep_notes(run, snakemake.output.notes, notes)
