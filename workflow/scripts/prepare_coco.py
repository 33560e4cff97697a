"""Brings the pictures, lists and image-level labels of MS-COCO into the one on-disk form."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.coco.pictures import prepare_pictures

    s = run.settings
    folders = Path(s["annotations"]), Path(s["pictures"])
    prepare_pictures(*folders, Path(snakemake.output.labels).parent, year=s["year"], progress=run.progress)
