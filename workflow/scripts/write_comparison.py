"""Writes a table that sets our experiments beside published methods for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import COMPARISON_NOTE, OURS_ALONE_NOTE

    p = snakemake.params
    note = COMPARISON_NOTE if p.compared else OURS_ALONE_NOTE
    write_forms(snakemake, read_comparison(snakemake.input.table), p.title, note, p.about)
