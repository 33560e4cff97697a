"""Mines potential objects: initial labels and CAMs give pseudo labels."""

from label_job import make_labels

from wsss.nsrom.label_stages import mined_label

make_labels(snakemake, mined_label, {"initial": "initial", "maps": "maps"})
