"""Computes the points of a curve over the values of one setting."""

from job import job

with job(snakemake):
    from wsss.intervals import read_scored, score_intervals
    from wsss.ledger import read_numbers, stated_scores
    from wsss.tables import sweep_table

    p, numbers = snakemake.params, snakemake.input.numbers
    stated = stated_scores(read_numbers(numbers)) if numbers else {}
    paper = {value: stated[e] for value, same in p.experiments.items() for e in same if e in stated}
    values = [str(v) for v in p["values"]]
    scored = read_scored(values, p.seeds, snakemake.input.counts)
    intervals = score_intervals(scored, dict.fromkeys(values, "one method"))
    table = sweep_table(values, p.seeds, snakemake.input.metrics, paper, intervals)
    table.to_csv(snakemake.output.points, index=False)
