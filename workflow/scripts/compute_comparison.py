"""Computes a table that sets our experiments beside published methods."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.comparison import comparison_table, read_published
    from wsss.tables import conditions_note, read_scores

    p, files = snakemake.params, snakemake.input.metrics
    published = next(map(read_published, snakemake.input.published), None)
    scores = read_scores(list(p.rows), p.seeds, files)
    comparison_table(published, scores, p.rows).to_csv(snakemake.output.table, index=False)
    Path(snakemake.output.note).write_text(conditions_note(files) + "\n")
