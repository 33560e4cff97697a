"""Fuses OA-CAMs and saliency into initial labels."""

from label_job import make_labels

from wsss.nsrom.label_stages import initial_label

make_labels(snakemake, initial_label, {"maps": "maps"})
