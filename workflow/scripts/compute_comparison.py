"""Computes a table that sets our experiments beside published methods."""

from conditions_job import write_conditions
from job import job

with job(snakemake):
    from wsss.comparison import comparison_table, read_published
    from wsss.tables import read_scores, seed_table

    p, files = snakemake.params, snakemake.input.metrics
    published = next(map(read_published, snakemake.input.published), None)
    scores = read_scores(list(p.rows), p.seeds, files)
    comparison_table(published, scores, p.rows).to_csv(snakemake.output.table, index=False)
    seed_table({e: row["label"] for e, row in p.rows.items()}, p.seeds, files).to_csv(
        snakemake.output.seeds, index=False
    )
    write_conditions(snakemake, p.evaluations)
