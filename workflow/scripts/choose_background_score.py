"""Chooses the background score that agrees best with the saliency maps of the training pictures."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.artifacts import check_folder
    from wsss.data import read_images
    from wsss.smvwe.labels import choose_score

    given, out = snakemake.input, snakemake.output
    pictures = read_images(given.images, given.classes, snakemake.params.split, given.saliency)
    maps = Path(given.maps)
    check_folder(maps, given.maps_manifest, [p.image_id for p in pictures])
    score = choose_score(
        pictures,
        maps,
        Path(out.score),
        Path(out.table),
        run.progress,
        aligned=run.settings["cam.align_corners"],
    )
    run.progress.say(f"the background score is {score:.2f}")
