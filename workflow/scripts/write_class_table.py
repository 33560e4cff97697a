"""Writes a table of classes for readers."""

from pathlib import Path

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import CLASSES_NOTE

    given = snakemake.input
    note = f"{CLASSES_NOTE} {Path(given.note).read_text().strip()}"
    write_forms(snakemake, pd.read_csv(given.table), snakemake.params.title, note)
