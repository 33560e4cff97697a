"""Draws training pictures with the labels of every stage."""

from checked_inputs import checked_folders
from job import job

with job(snakemake, may_read_masks=True):
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images, read_masks
    from wsss.nsrom.evolution import EVOLUTION, evolution_rows
    from wsss.pictures import draw_grid
    from wsss.plotting import save_figure

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split, given.saliency)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    stages = checked_folders(given, [s for s in EVOLUTION if s in given.keys()], pictures)  # noqa: SIM118
    columns, rows = evolution_rows(pictures, read_masks(given.masks), stages, aligned=p.aligned)
    figure = draw_grid(columns, rows, read_classes(given.classes), title=p.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
