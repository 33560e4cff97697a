"""Computes a table of methods: labels, scores and their differences, time and memory."""

from conditions_job import write_conditions
from job import job

with job(snakemake):
    from wsss.claims import claims_of_table, claims_table, read_claims
    from wsss.intervals import read_scored, score_intervals
    from wsss.method_comparison import method_table
    from wsss.tables import read_scores, seed_table

    p, metrics, out = snakemake.params, snakemake.input.metrics, snakemake.output
    labels = {e: row["label"] for e, row in p.rows.items()}
    of_rows = metrics[: len(labels) * len(p.seeds)]
    scored = read_scored(list(labels), p.seeds, snakemake.input.counts)
    claims = claims_of_table(read_claims(snakemake.input.claims), p.compare, labels)
    scores, intervals = read_scores(list(labels), p.seeds, of_rows), score_intervals(scored, p.trainers)
    table = method_table(p.rows, p.seeds, metrics, p.measured, p.chains, p.reference, intervals)
    table.to_csv(out.table, index=False)
    claims_table(claims, scored, scores, labels, p.trainers, p.margin).to_csv(out.claims, index=False)
    seed_table(labels, p.seeds, of_rows).to_csv(out.seeds, index=False)
    write_conditions(snakemake, p.evaluations)
