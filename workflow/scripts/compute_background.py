"""Computes the table of background scores: constant, chosen by saliency, tuned on true masks."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.smvwe.background import background_table

    p, names = snakemake.params, list(range(len(snakemake.params.labels)))
    keys = [(name, seed) for name in names for seed in p.seeds]
    qualities = {key: pd.read_csv(file) for key, file in zip(keys, snakemake.input.qualities, strict=True)}
    labels, constants = dict(zip(names, p.labels, strict=True)), dict(zip(names, p.constants, strict=True))
    background_table(qualities, labels, constants).to_csv(snakemake.output.table, index=False)
