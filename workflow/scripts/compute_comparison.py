"""Computes a table that sets our experiments beside published methods."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.comparison import PUBLISHED, comparison_table, read_published
    from wsss.tables import conditions_note, read_scores, seed_table

    p, files, published = snakemake.params, snakemake.input.metrics, pd.DataFrame(columns=PUBLISHED)
    for file in snakemake.input.published:
        published = read_published(file)
    scores = read_scores(list(p.rows), p.seeds, files)
    comparison_table(published, scores, p.rows).to_csv(snakemake.output.table, index=False)
    seed_table({e: row["label"] for e, row in p.rows.items()}, p.seeds, files).to_csv(
        snakemake.output.seeds, index=False
    )
    Path(snakemake.output.note).write_text(conditions_note(files) + "\n")
