"""Computes a table of methods: labels, scores, time and memory."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.method_comparison import method_table
    from wsss.tables import conditions_note

    p, metrics = snakemake.params, snakemake.input.metrics
    table = method_table(p.rows, p.seeds, metrics, p.measured, p.chains, p.bound)
    table.to_csv(snakemake.output.table, index=False)
    Path(snakemake.output.note).write_text(conditions_note(metrics) + "\n")
