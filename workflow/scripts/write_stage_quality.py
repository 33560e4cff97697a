"""Writes the table of label quality for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import STAGE_QUALITY_NOTE

    title = "Quality of the labels, stage by stage (%)"
    write_forms(snakemake, pd.read_csv(snakemake.input.table), title, STAGE_QUALITY_NOTE)
