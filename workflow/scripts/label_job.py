"""What the label scripts have in common: read the list of pictures, check the inputs, write the labels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

from checked_inputs import checked_folders
from job import job
from parts_job import whole_or_part


@contextmanager
def label_job(snakemake, *folders: str) -> Iterator[SimpleNamespace]:
    """Yields ``write(make)``, which writes ``make(picture, settings=…, **folders)`` of each picture, and the pictures.

    ``folders``: the rule's inputs that ``make`` is given, see ``checked_folders``.  ``pictures``: those of the split,
    or of the job's part of it.  ``run`` and ``made`` are what ``job`` and ``whole_or_part`` yield.  ``make`` is
    imported in the block, since the job first says how many threads torch and NumPy may have.
    """
    with job(snakemake) as run, whole_or_part(snakemake) as made:
        from wsss.data import read_images
        from wsss.label_folder import write_labels
        from wsss.parts import part_of

        given = snakemake.input
        split = read_images(given.images, given.classes, snakemake.params.split, given.get("saliency"))
        pictures = part_of(split, made.name)
        paths = checked_folders(given, folders, pictures)

        def write(make: Callable) -> None:
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

        yield SimpleNamespace(write=write, pictures=pictures, run=run, made=made)
