"""Masks non-salient regions of first-round predictions."""

from label_job import label_job

with label_job(snakemake, {"predictions": "predictions", "labels": "labels"}) as make_labels:
    from wsss.nsrom.label_stages import masked_label

    make_labels(masked_label)
