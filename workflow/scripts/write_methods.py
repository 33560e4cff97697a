"""Writes a table of methods for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import METHODS_NOTE

    write_forms(snakemake, pd.read_csv(snakemake.input.table), snakemake.params.title, METHODS_NOTE)
