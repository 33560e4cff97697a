"""Mines potential objects: initial labels and CAMs give pseudo labels."""

from label_job import label_job

with label_job(snakemake, {"initial": "initial", "maps": "maps"}) as make_labels:
    from wsss.nsrom.label_stages import mined_label

    make_labels(mined_label)
