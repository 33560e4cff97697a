"""What the label scripts have in common: read the list of pictures, check the inputs, write the labels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from job import job
from parts_job import whole_or_part


@contextmanager
def label_job(snakemake, folders: dict[str, str]) -> Iterator[Callable[[Callable], None]]:
    """Yields what writes ``make(picture, settings=…, **folders)`` of each picture of the split, or of the job's part.

    ``folders``: argument of ``make`` → the rule's input of that name; its manifest is the input ``{name}_manifest``.
    ``make`` is imported in the block, since the job first says how many threads torch and NumPy may have.
    """
    with job(snakemake) as run, whole_or_part(snakemake) as made:
        from wsss.artifacts import check_folder
        from wsss.data import read_images
        from wsss.label_folder import write_labels
        from wsss.parts import part_of

        def make_labels(make: Callable) -> None:
            given = snakemake.input
            pictures = read_images(given.images, given.classes, snakemake.params.split, given.get("saliency"))
            pictures = part_of(pictures, made.name)
            paths = {argument: Path(given[name]) for argument, name in folders.items()}
            for argument, name in folders.items():
                check_folder(paths[argument], given[f"{name}_manifest"], [p.image_id for p in pictures])
            write_labels(
                partial(make, settings=run.settings, **paths),
                pictures,
                made.labels,
                made.manifest,
                progress=run.progress,
                processes=run.threads,
                parts=made.parts,
                key=run.fingerprint,
            )

        yield make_labels
