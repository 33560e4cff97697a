"""Masks non-salient regions of first-round predictions."""

from label_job import label_job

with label_job(snakemake, "predictions", "labels") as labels:
    from wsss.nsrom.label_stages import masked_label

    labels.write(masked_label)
