"""Weakly supervised semantic segmentation: every artifact, table and figure is a target. See README.md."""

import os

from snakemake.utils import min_version

min_version("9.0")

if not os.path.isdir(f"{workflow.basedir}/rules"):
    raise WorkflowError(
        f"{workflow.main_snakefile} is a link to or a copy of a Snakefile whose rules lie beside it: type "
        f"`snakemake --snakefile {os.path.realpath(workflow.main_snakefile)}` with the original's path."
    )


# Of this checkout, wherever it is started; results and relative paths are those of the folder that it is started in.
configfile: f"{workflow.basedir}/config/config.yaml"


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
