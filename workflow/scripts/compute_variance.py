"""Computes which share of a class's variance its first components explain."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    import pandas as pd

    from wsss.chosen_pictures import choose_classes
    from wsss.data import read_classes, read_images
    from wsss.generic.variance import variance_table, with_statement

    p, given, tables = snakemake.params, snakemake.input, []
    names, pictures = read_classes(given.classes), read_images(given.images, given.classes, p.split)
    classes = [names[c] for c in choose_classes(pictures, names, p.figure["classes"], 1)]
    for number, (checkpoint, used) in enumerate(zip(given.checkpoints, given.used, strict=True)):
        ids = pd.read_csv(used, dtype=str).groupby("class")["image_id"].agg(set)
        table = variance_table(
            pictures,
            names,
            {c: ids[c] for c in classes},
            dict(p.settings_of[number]),
            Path(checkpoint),
            count=p.figure["components"],
            progress=run.progress,
            workers=run.threads,
        )
        tables.append(table.assign(block=p.labels[number]))
    found = pd.concat(tables)
    if given.get("stated"):
        found = with_statement(found, pd.read_csv(given.stated))
    found[["block", *found.columns.drop("block")]].to_csv(snakemake.output.table, index=False)
