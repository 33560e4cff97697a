"""Draws training pictures with the masks that are estimated from each block, and with seeds if there are any."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True):
    from safetensors.numpy import load_file

    from wsss.artifacts import check_folder
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images, read_masks
    from wsss.generic.figures import mask_rows
    from wsss.pictures import draw_grid
    from wsss.plotting import save_figure

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    folders = [Path(f) for f in given.labels]
    for folder, manifest in zip(folders, given.manifests, strict=True):
        check_folder(folder, Path(manifest), [q.image_id for q in pictures])
    classes, seeds = read_classes(given.classes), load_file(given.seeds) if given.get("seeds") else None
    rows = mask_rows(pictures, read_masks(given.masks), folders, classes, seeds)
    columns = ["picture", *([] if seeds is None else ["seeds\nof CAMs"]), *p.labels, "truth"]
    figure = draw_grid(columns, rows, classes, title=p.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
