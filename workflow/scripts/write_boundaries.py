"""Writes a table of label boundaries for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import boundary_note

    table, p = read_comparison(snakemake.input.table), snakemake.params
    # Published rows have a source; a table can have none on VOC, too.
    write_forms(snakemake, table, p.title, boundary_note(p.tolerance, published="source" in table))
