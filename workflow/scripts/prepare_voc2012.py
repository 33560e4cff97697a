"""Brings the pictures, lists and image-level labels of VOC 2012 into the one on-disk form."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.voc.known import expected_checksum
    from wsss.voc.pictures import prepare_pictures

    s = run.settings
    prepare_pictures(
        Path(s["trainval"]),
        Path(snakemake.output.labels).parent,
        labels=s["labels"] and Path(s["labels"]),
        expected=s,
        checksum=expected_checksum("trainval", s["trainval_checksum"]),
        progress=run.progress,
    )
