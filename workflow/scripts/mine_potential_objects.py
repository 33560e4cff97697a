"""Mines potential objects: initial labels and CAMs give pseudo labels."""

from label_job import label_job

with label_job(snakemake, "initial", "maps") as labels:
    from wsss.nsrom.label_stages import mined_label

    labels.write(mined_label)
