"""Scores a segmentation network on the validation pictures, with and without CRF."""

from pathlib import Path

from job import job
from parts_job import whole_or_part

with job(snakemake, may_read_masks=True) as run, whole_or_part(snakemake, "predictions") as made:
    from wsss.data import read_classes, read_images, read_masks
    from wsss.evaluation import evaluate, evaluate_part
    from wsss.parts import part_of
    from wsss.segmentation import prediction_batch

    classes = read_classes(snakemake.input.classes)
    pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
    files = ("metrics", "per_class", "counts") if made.whole else ()
    (evaluate if made.whole else evaluate_part)(
        part_of(pictures, made.name, prediction_batch(run.settings)),
        read_masks(snakemake.input.masks),
        classes,
        run.settings,
        checkpoint=Path(snakemake.input.checkpoint),
        folder=made.labels,
        manifest=made.manifest,
        progress=run.progress,
        workers=run.threads,
        parts=made.parts,
        key=run.fingerprint,
        **{name: Path(snakemake.output[name]) for name in files},
    )
