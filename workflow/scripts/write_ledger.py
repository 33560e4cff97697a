"""Writes the ledger for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import LEDGER_NOTE, OURS_ALONE_NOTE, page, section, to_latex, to_markdown

    compared, out = snakemake.params.compared, snakemake.output
    table = pd.read_csv(snakemake.input.table)
    title = "The ledger: the paper's numbers and ours" if compared else "The ledger: ours"
    about = LEDGER_NOTE if compared else OURS_ALONE_NOTE
    note = f"{about} {Path(snakemake.input.note).read_text().strip()}"
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.html).write_text(page(title, section(table, text=note, file="ledger.csv")))
