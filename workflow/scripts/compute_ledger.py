"""Computes the ledger: the papers' numbers, ours that exist, and what follows; or ours alone."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.ledger import ledger_table, our_table, read_numbers
    from wsss.tables import conditions_note

    p, files = snakemake.params, snakemake.input.metrics
    make = ledger_table if p.compared else our_table
    make(read_numbers(snakemake.input.numbers), p.labels, p.evaluations).to_csv(snakemake.output.table, index=False)
    Path(snakemake.output.note).write_text((conditions_note(files) if files else "Nothing has been evaluated.") + "\n")
