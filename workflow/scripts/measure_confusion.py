"""Measures how far labels of a class spread over its context (evaluation only)."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.artifacts import check_folder
    from wsss.cooccurrence import measure_pairs
    from wsss.data import read_classes, read_images, read_masks

    p, given = snakemake.params, snakemake.input
    pictures, labels = read_images(given.images, given.classes, p.split), Path(given.labels)
    check_folder(labels, given.manifest, [q.image_id for q in pictures])
    measure_pairs(
        pictures,
        read_masks(given.masks),
        read_classes(given.classes),
        [tuple(pair) for pair in p.pairs],
        labels,
        Path(snakemake.output.confusion),
        run.progress,
        contexts=Path(p.contexts) if p.contexts else None,
    )
