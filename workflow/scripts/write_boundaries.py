"""Writes a table of label boundaries for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import boundary_note

    table, p = read_comparison(snakemake.input.table), snakemake.params
    write_forms(snakemake, table, p.title, boundary_note(p.tolerance, p.split), p.about)
