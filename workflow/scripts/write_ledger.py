"""Writes the ledger for readers."""

from pathlib import Path

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import LEDGER_NOTE, OURS_ALONE_NOTE

    given, compared = snakemake.input, snakemake.params.compared
    title = "The ledger: the paper's numbers and ours" if compared else "The ledger: ours"
    about = LEDGER_NOTE if compared else OURS_ALONE_NOTE
    note = f"{about} {Path(given.note).read_text().strip()}"
    write_forms(snakemake, pd.read_csv(given.table), title, note)
