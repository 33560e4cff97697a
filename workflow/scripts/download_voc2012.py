"""Downloads an archive of VOC 2012 or SBD."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.downloads import download
    from wsss.voc.known import address, expected_checksum

    archive, url, checksum = run.settings[snakemake.wildcards.archive]
    download(url or address(archive), Path(snakemake.output[0]), expected_checksum(archive, checksum))
