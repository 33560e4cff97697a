"""Draws training pictures with their words, maps and labels."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True):
    from safetensors.numpy import load_file

    from wsss.artifacts import check_folder
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images, read_masks
    from wsss.pictures import draw_grid
    from wsss.plotting import save_figure
    from wsss.smvwe.figures import word_rows

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split, given.saliency)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    maps, labels = [Path(f) for f in given.maps], [Path(f) for f in given.labels]
    for folder, manifest in zip([*maps, *labels], given.manifests, strict=True):
        check_folder(folder, Path(manifest), [q.image_id for q in pictures])
    found, classes = load_file(given.words), read_classes(given.classes)
    grids = [{q.image_id: found[f"{number}/{q.image_id}"] for q in pictures} for number in range(len(maps))]
    rows = word_rows(pictures, read_masks(given.masks), grids, maps, labels, classes, aligned=p.aligned)
    columns = [f"{name}:\n{what}" for name in p.names for what in ("words", "map", "label")]
    figure = draw_grid(["picture", "saliency", *columns, "truth"], rows, classes, title=p.figure["title"])
    save_figure(figure, snakemake.output.png, snakemake.output.pdf)
