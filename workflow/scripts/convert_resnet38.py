"""Brings the weights of ResNet-38, published for MXNet, into our names."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.weights import convert_resnet38

    digest = snakemake.params.source["digest"]
    convert_resnet38(Path(snakemake.input.source), Path(snakemake.output.weights), digest=digest)
