"""Chooses the background score that agrees best with the saliency maps of the training pictures."""

from pathlib import Path

from checked_inputs import checked_folders
from job import job

with job(snakemake) as run:
    from wsss.data import read_images
    from wsss.smvwe.labels import choose_score

    given, out = snakemake.input, snakemake.output
    pictures = read_images(given.images, given.classes, snakemake.params.split, given.saliency)
    score = choose_score(
        pictures,
        checked_folders(given, ["maps"], pictures)["maps"],
        Path(out.score),
        Path(out.table),
        run.progress,
        aligned=run.settings["cam.align_corners"],
    )
    run.progress.say(f"the background score is {score:.2f}")
