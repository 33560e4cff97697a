"""Draws the variance that a class's first components explain."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.generic.figures import draw_variance
    from wsss.plotting import save_figure

    figure = draw_variance(pd.read_csv(snakemake.input.table), title=snakemake.params.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
