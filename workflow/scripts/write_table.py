"""Writes a table of experiments for readers: Markdown, LaTeX, and an HTML page with claims and classes."""

from pathlib import Path

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.pages import CLAIMS_NOTE, CLASSES_HEADING, experiments_page, to_latex, to_markdown

    title, about, out, given = snakemake.params.title, snakemake.params.about, snakemake.output, snakemake.input
    note = Path(given.note).read_text().strip()
    table, claims, classes = (pd.read_csv(f) for f in (given.table, given.claims, given.classes))
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.claims).write_text(to_markdown(claims, f"{title}: claims", CLAIMS_NOTE))
    Path(out.classes).write_text(to_markdown(classes, f"{title}: {CLASSES_HEADING}", about))
    page = experiments_page(title, note, table, claims, classes, name=snakemake.wildcards.table, published=about)
    Path(out.html).write_text(page)
