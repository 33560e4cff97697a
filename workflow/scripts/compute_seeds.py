"""Takes object seeds of the pictures that a figure shows from the plain classifier's activation maps."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from safetensors.numpy import save_file

    from wsss.artifacts import written_aside
    from wsss.chosen_pictures import choose_pictures
    from wsss.data import read_classes, read_images
    from wsss.generic.seeds import cam_seeds

    p, given = snakemake.params, snakemake.input
    split = read_images(given.images, given.classes, p.split)
    pictures = choose_pictures(split, p.figure["count"], p.seed, p.figure["images"], p.figure["simple"])
    count = len(read_classes(given.classes)) - 1
    seeds = cam_seeds(pictures, count, run.settings, Path(given.checkpoint), progress=run.progress)
    with written_aside(Path(snakemake.output.seeds)) as aside:
        save_file(seeds, aside)
