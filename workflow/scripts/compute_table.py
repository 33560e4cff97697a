"""Computes a table of experiments: scores over seeds and of each, claims and what is found of them, IoU per class."""

from conditions_job import write_conditions
from job import job

with job(snakemake):
    from wsss.claims import claims_of_table, claims_table, read_claims
    from wsss.class_tables import beside_published, read_published_classes
    from wsss.intervals import read_scored, score_intervals
    from wsss.ledger import read_numbers, stated_scores
    from wsss.tables import class_table, experiment_table, read_scores, seed_table

    p, files = snakemake.params, snakemake.input.metrics
    stated = stated_scores(read_numbers(snakemake.input.numbers))
    scores, out = read_scores(list(p.compared), p.seeds, files), snakemake.output
    scored = read_scored(list(p.rows), p.seeds, snakemake.input.counts)
    intervals = score_intervals(scored, p.methods)
    claims = claims_of_table(read_claims(snakemake.input.claims), p.compare, p.rows)
    experiment_table(scores, p.rows, stated, p.reference, intervals).to_csv(out.table, index=False)
    claims_table(claims, scored, scores, p.rows, p.methods, p.margin).to_csv(out.claims, index=False)
    classes = class_table(p.rows, p.seeds, files)
    for file in snakemake.input.published:
        classes = beside_published(classes, read_published_classes(file))
    classes.to_csv(out.classes, index=False)
    seed_table(p.rows, p.seeds, files[: len(p.rows) * len(p.seeds)]).to_csv(out.seeds, index=False)
    write_conditions(snakemake, p.evaluations)
