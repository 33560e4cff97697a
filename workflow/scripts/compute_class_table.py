"""Computes a table of classes and super-categories."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.class_tables import grouped_classes, read_groups, read_published_classes
    from wsss.tables import class_table, conditions_note

    p, files, given = snakemake.params, snakemake.input.metrics, snakemake.input
    groups = next((read_groups(f) for f in given.groups), {})
    published = next(map(read_published_classes, given.published), None)
    table = grouped_classes(class_table(p.rows, p.seeds, files), groups, published)
    table.to_csv(snakemake.output.table, index=False)
    Path(snakemake.output.note).write_text(conditions_note(files) + "\n")
