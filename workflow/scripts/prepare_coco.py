"""Brings the pictures, lists and image-level labels of MS-COCO into the one on-disk form."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.coco.pictures import prepare_pictures

    s = run.settings
    folders = Path(s["annotations"]), Path(s["pictures"])
    target = Path(snakemake.output.labels).parent
    prepare_pictures(*folders, target, year=s["year"], crowds=s["crowds"], progress=run.progress)
