"""Writes a table of the quality of labels for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import LABEL_SCORES_NOTE, page, section, to_latex, to_markdown

    table, out, title = pd.read_csv(snakemake.input.table), snakemake.output, snakemake.params.title
    file = f"{snakemake.wildcards.label_scores}.csv"
    Path(out.md).write_text(to_markdown(table, title, LABEL_SCORES_NOTE))
    Path(out.tex).write_text(to_latex(table, title, LABEL_SCORES_NOTE))
    Path(out.html).write_text(page(title, section(table, text=LABEL_SCORES_NOTE, file=file)))
