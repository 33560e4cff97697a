"""Writes a table of classes for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import CLASSES_NOTE

    p = snakemake.params
    write_forms(snakemake, pd.read_csv(snakemake.input.table), p.title, CLASSES_NOTE, p.about)
