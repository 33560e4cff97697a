"""Writes the ledger for readers."""

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import LEDGER_NOTE, OURS_ALONE_NOTE

    compared = snakemake.params.compared
    title = "The ledger: the paper's numbers and ours" if compared else "The ledger: ours"
    about = LEDGER_NOTE if compared else OURS_ALONE_NOTE
    write_forms(snakemake, pd.read_csv(snakemake.input.table), title, about)
