"""Writes a table of the quality of labels for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import LABEL_SCORES_NOTE

    write_forms(snakemake, pd.read_csv(snakemake.input.table), snakemake.params.title, LABEL_SCORES_NOTE)
