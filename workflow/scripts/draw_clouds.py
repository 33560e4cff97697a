"""Draws clouds of descriptors."""

from job import job

with job(snakemake):
    import pandas as pd

    from wsss.generic.figures import draw_clouds
    from wsss.plotting import save_figure

    points = pd.read_csv(snakemake.input.points)
    figure = draw_clouds(points, title=snakemake.params.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
