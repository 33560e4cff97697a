"""Fuses OA-CAMs and saliency into initial labels."""

from label_job import label_job

with label_job(snakemake, "maps") as labels:
    from wsss.nsrom.label_stages import initial_label

    labels.write(initial_label)
