"""Computes a table of experiments: how good their labels are, and their scores."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.label_scores import label_score_table
    from wsss.tables import conditions_note, read_scores

    p, files = snakemake.params, snakemake.input.metrics
    scores = read_scores(list(p.labels), p.seeds, files)
    table = label_score_table(scores, p.labels, p.stages, p.seeds, snakemake.input.qualities)
    table.to_csv(snakemake.output.table, index=False)
    Path(snakemake.output.note).write_text(conditions_note(files) + "\n")
