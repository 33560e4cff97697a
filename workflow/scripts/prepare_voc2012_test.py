"""Brings VOC's test pictures, which have no labels, into the one on-disk form."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.voc.known import expected_checksum
    from wsss.voc.pictures import prepare_test_pictures

    s = run.settings
    prepare_test_pictures(
        Path(s["test"]),
        Path(snakemake.output.pictures).parent,
        expected=s["expected"],
        checksum=expected_checksum("test", s["test_checksum"]),
        progress=run.progress,
    )
