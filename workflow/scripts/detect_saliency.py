"""Runs a saliency detector over the training pictures."""

from pathlib import Path

from job import job

with job(snakemake) as run:
    from wsss.given_lists import split_ids
    from wsss.saliency_detection import detect_saliency

    folder, s = Path(snakemake.params.folder), run.settings
    ran_on = detect_saliency(
        Path(s["source"]),
        folder / "JPEGImages",
        split_ids(folder, snakemake.params.split),
        maps=Path(snakemake.output.maps),
        manifest=Path(snakemake.output.manifest),
        checksum=s["sha256"] and f"sha256:{s['sha256']}",
        batch_size=snakemake.params.batch_size,
        progress=run.progress,
        threads=run.threads,
        key=run.fingerprint,
    )
    run.settings.update(ran_on)  # into the provenance
