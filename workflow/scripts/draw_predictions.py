"""Draws validation pictures, their true masks and the predictions of experiments side by side."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True):
    from wsss.artifacts import check_folder
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images, read_masks
    from wsss.pictures import draw_grid, qualitative_rows
    from wsss.plotting import save_figure

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    folders = [Path(f) for f in given.predictions]
    for folder, manifest in zip(folders, given.manifests, strict=True):
        check_folder(folder, Path(manifest), [q.image_id for q in pictures])
    rows = qualitative_rows(pictures, read_masks(given.masks), folders)
    figure = draw_grid(["picture", "truth", *p.labels], rows, read_classes(given.classes), title=p.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
