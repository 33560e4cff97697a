"""Puts the pictures of a figure in visual words."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    import pandas as pd
    from safetensors.numpy import save_file

    from wsss.artifacts import written_aside
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images
    from wsss.smvwe.figures import word_grid, word_table
    from wsss.smvwe.network import trained_network

    p, given, grids, tables = snakemake.params, snakemake.input, {}, []
    classes = read_classes(given.classes)
    split = read_images(given.images, given.classes, p.split)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    for number, (checkpoint, settings) in enumerate(zip(given.checkpoints, p.settings_of, strict=True)):
        network = trained_network(Path(checkpoint), dict(settings), len(classes) - 1)
        found = {q.image_id: word_grid(network, q, settings) for q in run.progress(pictures, len(pictures))}
        grids |= {f"{number}/{image_id}": grid for image_id, grid in found.items()}
        tables.append(word_table(found, network, classes).assign(experiment=p.labels[number]))
    with written_aside(Path(snakemake.output.words)) as aside:
        save_file(grids, aside)
    pd.concat(tables).to_csv(snakemake.output.table, index=False)
