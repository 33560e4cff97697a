"""Writes the table of background scores for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import BACKGROUND_NOTE, page, section, to_latex, to_markdown

    table, out = pd.read_csv(snakemake.input.table), snakemake.output
    title = "SMVWE: three ways to a background score (%)"
    Path(out.md).write_text(to_markdown(table, title, BACKGROUND_NOTE))
    Path(out.tex).write_text(to_latex(table, title, BACKGROUND_NOTE))
    Path(out.html).write_text(page(title, section(table, text=BACKGROUND_NOTE, file="smvwe_background.csv")))
