"""Computes the points of a curve over the values of one setting."""

from job import job

with job(snakemake):
    from wsss.tables import sweep_table

    table = sweep_table(snakemake.params["values"], snakemake.params.seeds, snakemake.input.metrics)
    table.to_csv(snakemake.output.points, index=False)
