"""Writes the table of label quality for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import STAGE_QUALITY_NOTE, page, section, to_latex, to_markdown

    table, out, file = pd.read_csv(snakemake.input.table), snakemake.output, f"{snakemake.wildcards.quality}.csv"
    title = "Quality of the labels, stage by stage (%)"
    Path(out.md).write_text(to_markdown(table, title, STAGE_QUALITY_NOTE))
    Path(out.tex).write_text(to_latex(table, title, STAGE_QUALITY_NOTE))
    Path(out.html).write_text(page(title, section(table, text=STAGE_QUALITY_NOTE, file=file)))
