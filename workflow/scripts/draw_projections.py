"""Draws training pictures with their projections on the patterns of their classes."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True):
    from wsss.artifacts import check_folder
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images, read_masks
    from wsss.generic.figures import projection_rows
    from wsss.pictures import draw_grid
    from wsss.plotting import save_figure

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    folders = [Path(f) for f in given.projections]
    for folder, manifest in zip(folders, given.manifests, strict=True):
        check_folder(folder, Path(manifest), [q.image_id for q in pictures])
    classes = read_classes(given.classes)
    rows = projection_rows(pictures, read_masks(given.masks), folders, classes, aligned=p.aligned)
    figure = draw_grid(["picture", *p.labels, "truth"], rows, classes, title=p.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
