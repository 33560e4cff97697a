"""Draws how far classes spread over their contexts."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.plotting import draw_pairs, save_figure

    figure = draw_pairs(pd.read_csv(snakemake.input.table), title=snakemake.params.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
