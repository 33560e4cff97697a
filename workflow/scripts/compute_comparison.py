"""Computes a table that sets our experiments beside published methods."""

from job import job
from table_job import write_conditions

with job(snakemake):
    import pandas as pd

    from wsss.comparison import PUBLISHED, comparison_table, read_published
    from wsss.tables import read_scores

    p, files, published = snakemake.params, snakemake.input.metrics, pd.DataFrame(columns=PUBLISHED)
    for file in snakemake.input.published:
        published = read_published(file)
    scores = read_scores(list(p.rows), p.seeds, files)
    comparison_table(published, scores, p.rows).to_csv(snakemake.output.table, index=False)
    write_conditions(snakemake, p.evaluations)
