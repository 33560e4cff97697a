"""Mines potential objects, if enabled: initial labels and CAMs give pseudo labels."""

from label_job import label_job

with label_job(snakemake, "initial", "maps") as labels:
    from wsss.nsrom.label_stages import pseudo_label

    labels.write(pseudo_label)
