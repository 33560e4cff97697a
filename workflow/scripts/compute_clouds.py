"""Places descriptors of objects and background on the first two eigenvectors of their class (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.generic.clouds import feature_clouds

    p, given = snakemake.params, snakemake.input
    clouds = feature_clouds(
        read_images(given.images, given.classes, p.split),
        read_masks(given.masks),
        read_classes(given.classes),
        list(zip(p.labels, p.settings_of, map(Path, given.checkpoints), map(Path, given.patterns), strict=True)),
        count=p.figure["count"],
        chosen=p.figure["classes"],
        seed=p.seed,
        progress=run.progress,
    )
    clouds.to_csv(snakemake.output.points, index=False)
