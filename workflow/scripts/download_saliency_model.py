"""Downloads the saliency detector."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.downloads import download

    download(run.settings["url"], Path(snakemake.output[0]), f"sha256:{run.settings['sha256']}")
