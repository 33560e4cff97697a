"""Computes the ledger: the papers' numbers, ours that exist, and what follows; or ours alone."""

from conditions_job import write_conditions
from job import job

with job(snakemake):
    from wsss.ledger import ledger_table, our_table, read_numbers

    p, numbers = snakemake.params, read_numbers(snakemake.input.numbers)
    if p.compared:
        table = ledger_table(numbers, p.labels, p.evaluations, p.conditions)
    else:
        table = our_table(numbers, p.labels, p.evaluations)
    table.to_csv(snakemake.output.table, index=False)
    write_conditions(snakemake, {e: files for e, files in p.evaluations.items() if files})
