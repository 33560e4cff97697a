"""Checks the ground-truth masks of a split, and lists them."""

from pathlib import Path

from job import job
from notes import keep_notes

with job(snakemake, may_read_masks=True) as run:
    from wsss.data_checks import check_masks

    s = run.settings
    found = check_masks(
        Path(s["folder"]),
        Path(snakemake.output.masks),
        [snakemake.wildcards.split],
        run.progress,
        allowed=s["disagreement"],
        any_palette=s["palette"] == "any",
        background=s["background"],
        needed=snakemake.params.needed,
    )
    keep_notes(run, snakemake.output.notes, [note for one in found for note in one.notes()])
