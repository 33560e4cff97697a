"""Writes the table of a classifier's accuracies for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import ACCURACY_NOTE

    table = pd.read_csv(snakemake.input.table).astype({"seeds": "Int64"})
    write_forms(snakemake, table, "Generic features: accuracy of the classifier (%)", ACCURACY_NOTE)
