"""Computes the table of classifiers' accuracies: mean and standard deviation over seeds."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.image_accuracy import accuracy_table

    p, given = snakemake.params, snakemake.input
    found = [pd.read_csv(f).set_index("measure")["value"] for f in given.accuracies]
    each = len(p.seeds)
    runs = {name: found[i * each : (i + 1) * each] for i, name in enumerate(p.classifiers)}
    paper = float(pd.read_csv(given.stated)["percent"].item()) if given.get("stated") else None
    accuracy_table(runs, paper).to_csv(snakemake.output.table, index=False)
