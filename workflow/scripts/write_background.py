"""Writes the table of background scores for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import BACKGROUND_NOTE

    title = "SMVWE: three ways to a background score (%)"
    write_forms(snakemake, pd.read_csv(snakemake.input.table), title, BACKGROUND_NOTE)
