"""Takes the training pictures' saliency maps from a folder or archive."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.given_lists import split_ids
    from wsss.saliency_import import import_saliency

    folder, s = Path(snakemake.params.folder), run.settings
    import_saliency(
        Path(s["source"]),
        folder / "JPEGImages",
        split_ids(folder, snakemake.params.split),
        maps=Path(snakemake.output.maps),
        manifest=Path(snakemake.output.manifest),
        checksum=s["sha256"] and f"sha256:{s['sha256']}",
        progress=run.progress,
        processes=run.threads,
    )
