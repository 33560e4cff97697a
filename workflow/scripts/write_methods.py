"""Writes a table of methods for readers, with the differences that are judged."""

from pathlib import Path

from job import job
from table_job import write_forms

with job(snakemake):
    import pandas as pd

    from wsss.pages import CLAIMS_NOTE, METHODS_NOTE, claims_sections, to_markdown

    given, title, claims = snakemake.input, snakemake.params.title, pd.read_csv(snakemake.input.claims)
    shown = claims_sections(claims, snakemake.wildcards.methods)
    write_forms(snakemake, pd.read_csv(given.table), title, METHODS_NOTE, further=shown)
    Path(snakemake.output.claims).write_text(to_markdown(claims, f"{title}: claims", CLAIMS_NOTE))
