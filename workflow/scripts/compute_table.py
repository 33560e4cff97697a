"""Computes a table of experiments: scores over seeds, the paper's directions, IoU per class."""

from job import job
from table_job import write_conditions

with job(snakemake):
    import pandas as pd

    from wsss.ledger import read_numbers, stated_scores
    from wsss.tables import class_table, direction_table, experiment_table, read_scores

    p, files = snakemake.params, snakemake.input.metrics
    stated = stated_scores(read_numbers(snakemake.input.numbers))
    directions = pd.concat(map(pd.read_csv, snakemake.input.directions))
    scores = read_scores(list(p.compared), p.seeds, files)
    experiment_table(scores, p.rows, stated, p.bound).to_csv(snakemake.output.table, index=False)
    direction_table(scores, p.rows, directions).to_csv(snakemake.output.directions, index=False)
    class_table(p.rows, p.seeds, files).to_csv(snakemake.output.classes, index=False)
    write_conditions(snakemake, p.evaluations)
