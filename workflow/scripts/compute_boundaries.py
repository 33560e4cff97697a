"""Computes a table of label boundaries: our experiments beside published methods."""

from job import job

with job(snakemake):
    from wsss.comparison import boundary_table, read_published_boundaries

    p = snakemake.params
    published = next(map(read_published_boundaries, snakemake.input.published), None)
    boundary_table(published, p.labels, p.seeds, snakemake.input.measured).to_csv(snakemake.output.table, index=False)
