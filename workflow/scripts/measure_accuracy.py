"""Measures how well the plain classifier tells the classes of the validation pictures: from their labels, not masks."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    import pandas as pd

    from wsss.data import read_classes, read_images
    from wsss.image_accuracy import accuracies, score_pictures

    given = snakemake.input
    logits, labels = score_pictures(
        read_images(given.images, given.classes, snakemake.params.split),
        len(read_classes(given.classes)) - 1,
        run.settings,
        Path(given.checkpoint),
        progress=run.progress,
        workers=run.threads,
    )
    found = pd.DataFrame(accuracies(logits, labels).items(), columns=["measure", "value"])
    found.to_csv(snakemake.output.accuracy, index=False)
