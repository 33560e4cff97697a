"""Brings the ground-truth masks of VOC 2012 and SBD into the one on-disk form."""

from pathlib import Path

from job import job

with job(snakemake, may_read_masks=True) as run:
    from wsss.given_lists import read_ids
    from wsss.voc.known import expected_checksum
    from wsss.voc.masks import prepare_masks

    sources = ("trainval", run.settings["further"])
    prepare_masks(
        *(Path(run.settings[a]) for a in sources),
        Path(snakemake.output.masks),
        {Path(f).stem: read_ids(Path(f)) for f in snakemake.input.splits},
        checksums=tuple(expected_checksum(a, run.settings[f"{a}_checksum"]) for a in sources),
        from_mat=run.settings["further"] == "sbd",
        progress=run.progress,
        processes=run.threads,
    )
