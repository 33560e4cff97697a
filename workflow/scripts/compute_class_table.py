"""Computes a table of classes and super-categories."""

from conditions_job import write_conditions
from job import job

with job(snakemake):
    from wsss.class_tables import grouped_classes, read_groups, read_published_classes
    from wsss.tables import class_table, seed_table

    p, files, given = snakemake.params, snakemake.input.metrics, snakemake.input
    groups = next((read_groups(f) for f in given.groups), {})
    published = next(map(read_published_classes, given.published), None)
    table = grouped_classes(class_table(p.rows, p.seeds, files), groups, published)
    table.to_csv(snakemake.output.table, index=False)
    seed_table(p.rows, p.seeds, files).to_csv(snakemake.output.seeds, index=False)
    write_conditions(snakemake, p.evaluations)
