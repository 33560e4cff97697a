"""Prints what was understood of the data set, once all that there is of it is checked."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.data import read_classes, read_images
    from wsss.data_summary import summary
    from wsss.given_lists import read_rows

    given, s = snakemake.input, run.settings
    notes = [line for file in given.notes for line in Path(file).read_text(encoding="utf-8").splitlines()]
    count = lambda file: len(read_rows(Path(file), ["image_id"]))  # noqa: E731
    lines = summary(
        {split: read_images(given.images, given.classes, split) for split in s["splits"]},
        read_classes(given.classes),
        dict(zip(s["with_masks"], map(count, given.masks), strict=True)),
        {s["splits"][0]: count(given.saliency[0]) if given.saliency else s["maps"]},
        notes,
    )
    print(f"{s['folder']} is in order:", *lines, sep="\n", flush=True)
