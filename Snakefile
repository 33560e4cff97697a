"""Weakly supervised semantic segmentation: every artifact, table and figure is a target. See README.md."""

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/scatter.smk"
include: "rules/data.smk"
include: "rules/voc2012.smk"
include: "rules/coco.smk"
include: "rules/saliency.smk"
include: "rules/check.smk"
include: "rules/weights.smk"
include: "rules/segmentation.smk"
include: "rules/classification.smk"
include: "rules/nsrom.smk"
include: "rules/generic.smk"
include: "rules/smvwe.smk"
include: "rules/submission.smk"
include: "rules/shown.smk"
include: "rules/generic_shown.smk"
include: "rules/accuracy.smk"
include: "rules/backgrounds.smk"
include: "rules/words.smk"
include: "rules/method_targets.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/report.html",
    localrule: True
