"""Makes pseudo labels from maps and a background score, constant or chosen."""

from functools import partial
from pathlib import Path

from label_job import label_job

with label_job(snakemake, "maps") as labels:
    from wsss.smvwe.labels import word_label

    score = snakemake.input.get("score")
    labels.write(partial(word_label, chosen=Path(score) if score else None))
