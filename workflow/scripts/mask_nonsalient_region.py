"""Masks non-salient regions of first-round predictions."""

from label_job import make_labels

from wsss.nsrom.label_stages import masked_label

make_labels(snakemake, masked_label, {"predictions": "predictions", "labels": "labels"})
