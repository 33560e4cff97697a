"""Draws the curve of a sweep."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.plotting import draw_sweep, save_figure

    points, sweep = pd.read_csv(snakemake.input.points, dtype={"value": str}), snakemake.params.sweep
    figure = draw_sweep(points, title=sweep["title"], axis=sweep["axis"], default=snakemake.params.default)
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
