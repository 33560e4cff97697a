"""Joins the lists of the splits' masks."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.artifacts import written_aside

    first, *others = (Path(file).read_text().splitlines(keepends=True) for file in snakemake.input.masks)
    with written_aside(Path(snakemake.output.masks)) as aside:
        aside.write_text("".join(first) + "".join(line for lines in others for line in lines[1:]))
