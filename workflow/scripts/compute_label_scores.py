"""Computes a table of experiments: how good their labels are."""

from job import job

with job(snakemake):
    from wsss.label_scores import label_score_table

    p = snakemake.params
    table = label_score_table(p.labels, p.stages, p.seeds, snakemake.input.qualities)
    table.to_csv(snakemake.output.table, index=False)
