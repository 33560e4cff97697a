"""Makes pseudo labels from maps and a background score, constant or chosen."""

from functools import partial
from pathlib import Path

from label_job import make_labels

from wsss.smvwe.labels import word_label

score = Path(snakemake.input.score) if snakemake.input.get("score") else None
make_labels(snakemake, partial(word_label, chosen=score), {"maps": "maps"})
