"""Computes a table of experiments: scores over seeds, the paper's directions, IoU per class."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.class_tables import beside_published, read_published_classes
    from wsss.ledger import read_numbers, stated_scores
    from wsss.tables import class_table, conditions_note, direction_table, experiment_table, read_scores

    p, files = snakemake.params, snakemake.input.metrics
    stated = stated_scores(read_numbers(snakemake.input.numbers))
    directions = pd.concat(map(pd.read_csv, snakemake.input.directions))
    scores = read_scores(list(p.compared), p.seeds, files)
    experiment_table(scores, p.rows, stated, p.bound).to_csv(snakemake.output.table, index=False)
    direction_table(scores, p.rows, directions).to_csv(snakemake.output.directions, index=False)
    classes = class_table(p.rows, p.seeds, files)
    for file in snakemake.input.published:
        classes = beside_published(classes, read_published_classes(file))
    classes.to_csv(snakemake.output.classes, index=False)
    Path(snakemake.output.note).write_text(conditions_note(files) + "\n")
