"""Checks pictures and image-level labels, and lists them."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data_checks import check_images

    s = run.settings
    classes = check_images(
        Path(s["folder"]),
        Path(snakemake.output.images),
        list(dict.fromkeys([s["val"], s["train"]])),
        run.progress,
        s["background"],
    )
    Path(snakemake.output.classes).write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
