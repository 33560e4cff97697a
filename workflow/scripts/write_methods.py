"""Writes a table of methods for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import METHODS_NOTE, page, section, to_latex, to_markdown

    table, out, title = pd.read_csv(snakemake.input.table), snakemake.output, snakemake.params.title
    note = f"{METHODS_NOTE} {Path(snakemake.input.note).read_text().strip()}"
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.html).write_text(page(title, section(table, text=note, file=f"{snakemake.wildcards.methods}.csv")))
