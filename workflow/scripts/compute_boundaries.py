"""Computes a table of label boundaries: our experiments, stage by stage, beside published methods."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.comparison import PUBLISHED_BOUNDARIES, boundary_table, read_published_boundaries

    p, published = snakemake.params, pd.DataFrame(columns=PUBLISHED_BOUNDARIES)
    for file in snakemake.input.published:
        published = read_published_boundaries(file)
    boundary_table(published, p.labels, p.seeds, snakemake.input.measured).to_csv(snakemake.output.table, index=False)
