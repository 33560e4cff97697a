"""Writes a table of experiments for readers: Markdown, LaTeX, and an HTML page with directions and classes."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import CLASSES_HEADING, experiments_page, to_latex, to_markdown

    title, about, out, given = snakemake.params.title, snakemake.params.about, snakemake.output, snakemake.input
    note = Path(given.note).read_text().strip()
    table, directions, classes = (pd.read_csv(f) for f in (given.table, given.directions, given.classes))
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.directions).write_text(to_markdown(directions, f"{title}: the paper's directions"))
    Path(out.classes).write_text(to_markdown(classes, f"{title}: {CLASSES_HEADING}", about))
    page = experiments_page(title, note, table, directions, classes, name=snakemake.wildcards.table, published=about)
    Path(out.html).write_text(page)
