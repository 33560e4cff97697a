"""Computes a table of methods: labels, scores, time and memory."""

from job import job
from table_job import write_conditions

with job(snakemake):
    from wsss.method_comparison import method_table

    p, metrics = snakemake.params, snakemake.input.metrics
    table = method_table(p.rows, p.seeds, metrics, p.measured, p.chains, p.bound)
    table.to_csv(snakemake.output.table, index=False)
    write_conditions(snakemake, p.evaluations)
