"""Checks pictures and image-level labels, and lists them."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    import shutil

    from wsss.data import check_images

    folder, splits = Path(run.settings["folder"]), [run.settings["val"], run.settings["train"]]
    check_images(folder, Path(snakemake.output.images), dict.fromkeys(splits), run.progress)
    shutil.copy(folder / "classes.txt", snakemake.output.classes)
