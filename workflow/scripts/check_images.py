"""Checks pictures, labels and saliency maps, and lists them."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    import shutil

    from wsss.data import check_images

    folder, s = Path(run.settings["folder"]), run.settings
    splits = {s["val"]: False, s["train"]: True}  # saliency maps serve training only
    saliency = Path(s["saliency"]) if s["saliency"] else None
    check_images(folder, Path(snakemake.output.images), splits, run.progress, saliency=saliency)
    shutil.copy(folder / "classes.txt", snakemake.output.classes)
