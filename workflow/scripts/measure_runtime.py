"""Sums up time and memory of the jobs that have run."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.pages import RUNTIME_NOTE, page, section, to_markdown
    from wsss.run_records import runtime_table

    table, out, title = (
        runtime_table(Path(snakemake.params.benchmarks), snakemake.params.names, snakemake.params.seeds),
        snakemake.output,
        "Time and memory of each rule",
    )
    table.to_csv(out.table, index=False)
    Path(out.md).write_text(to_markdown(table, title, RUNTIME_NOTE))
    Path(out.html).write_text(page(title, section(table, text=RUNTIME_NOTE, file="runtime.csv")))
