"""Writes a table of label boundaries for readers."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.comparison import read_comparison
    from wsss.pages import boundary_note, page, section, to_latex, to_markdown

    table, out, p = read_comparison(snakemake.input.table), snakemake.output, snakemake.params
    note = boundary_note(p.tolerance, published=p.compared)
    Path(out.md).write_text(to_markdown(table, p.title, note))
    Path(out.tex).write_text(to_latex(table, p.title, note))
    Path(out.html).write_text(page(p.title, section(table, text=note, file=f"{snakemake.wildcards.boundaries}.csv")))
