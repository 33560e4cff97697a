"""Writes a table that sets our experiments beside published methods for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import COMPARISON_NOTE, OURS_ALONE_NOTE, page, section, to_latex, to_markdown

    table, out, p = read_comparison(snakemake.input.table), snakemake.output, snakemake.params
    about = COMPARISON_NOTE if p.compared else OURS_ALONE_NOTE
    note = f"{about} {Path(snakemake.input.note).read_text().strip()}"
    Path(out.md).write_text(to_markdown(table, p.title, note))
    Path(out.tex).write_text(to_latex(table, p.title, note))
    Path(out.html).write_text(page(p.title, section(table, text=note, file=f"{snakemake.wildcards.comparison}.csv")))
