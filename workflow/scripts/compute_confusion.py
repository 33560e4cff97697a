"""Averages over seeds how far classes spread over their contexts."""

from job import job

with job(snakemake):
    from wsss.label_scores import confusion_table

    table = confusion_table(snakemake.params.labels, snakemake.params.seeds, snakemake.input.measured)
    table.to_csv(snakemake.output.table, index=False)
