"""Brings a released DeepLab-v2 checkpoint into our names, to be evaluated without training."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes
    from wsss.segmentation import build_segmentation, identity
    from wsss.weights import convert_checkpoint

    count = len(read_classes(snakemake.input.classes))
    convert_checkpoint(
        Path(snakemake.input.source),
        Path(snakemake.output.checkpoint),
        build_segmentation(run.settings, count, pretrained=False),
        identity(run.settings, count),
        digest=snakemake.params.source["digest"],
    )
