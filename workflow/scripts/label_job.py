"""What the three label scripts have in common: read the list of pictures, check the inputs, write the labels."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from job import job


def make_labels(snakemake, make: Callable, folders: dict[str, str]) -> None:
    """Writes ``make(picture, settings=…, **folders)`` for every picture of the split.

    ``folders``: argument of ``make`` → the rule's input of that name; its manifest is the input ``{name}_manifest``.
    """
    from wsss.artifacts import check_folder
    from wsss.data import read_images
    from wsss.nsrom.label_stages import write_labels

    with job(snakemake) as run:
        pictures = read_images(snakemake.input.images, snakemake.input.classes, snakemake.params.split)
        paths = {argument: Path(snakemake.input[name]) for argument, name in folders.items()}
        for argument, name in folders.items():
            check_folder(paths[argument], snakemake.input[f"{name}_manifest"], [p.image_id for p in pictures])
        write_labels(
            partial(make, settings=run.settings, **paths),
            pictures,
            Path(snakemake.output.labels),
            Path(snakemake.output.manifest),
            progress=run.progress,
            processes=run.threads,
            key=run.fingerprint,
        )
