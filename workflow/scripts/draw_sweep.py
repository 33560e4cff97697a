"""Draws the curve of a sweep."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.plotting import draw_sweep, save_figure

    points, p = pd.read_csv(snakemake.input.points, dtype={"value": str}), snakemake.params
    shown = {"title": p.sweep["title"], "axis": p.sweep["axis"], "default": p.default}
    figure = draw_sweep(points, **shown, published_best=p.published_best)
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
