"""Writes a table that sets our experiments beside published methods for readers."""

from pathlib import Path

from job import job
from table_job import write_forms

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import COMPARISON_NOTE, OURS_ALONE_NOTE

    given, p = snakemake.input, snakemake.params
    about = COMPARISON_NOTE if p.compared else OURS_ALONE_NOTE
    note = f"{about} {Path(given.note).read_text().strip()}"
    write_forms(snakemake, read_comparison(given.table), p.title, note)
