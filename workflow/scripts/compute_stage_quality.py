"""Averages over seeds how good the labels of each stage are."""

from job import job

with job(snakemake):
    from wsss.tables import stage_quality_table

    table = stage_quality_table(snakemake.params.labels, snakemake.params.seeds, snakemake.input.quality)
    table.to_csv(snakemake.output.table, index=False)
