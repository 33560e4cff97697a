"""Brings the backbone of the MS-COCO checkpoint into our names."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.weights import convert_backbone

    digest = snakemake.params.source["digest"]
    convert_backbone(Path(snakemake.input.source), Path(snakemake.output.weights), digest=digest)
