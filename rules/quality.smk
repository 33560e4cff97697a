"""How good labels are, stage by stage, whatever the method: compared with true masks, for evaluation only."""

from wsss.methods import MEASURED


def measured_stages(experiment):
    """Of what tables of quality show, the stages that an experiment has."""
    return [m for m in MEASURED if PLAN.has(m.stage, PLAN.settings(experiment))]


def quality_inputs(wildcards):
    """The folders of all stages that an experiment has, and their manifests."""
    folders = {}
    for m in measured_stages(wildcards.experiment):
        variant = PLAN.variant(m.stage, PLAN.settings(wildcards.experiment))
        folders[m.name] = ancient(artifact(variant, wildcards.seed, m.folder))
        folders[f"{m.name}_manifest"] = artifact(variant, wildcards.seed, "manifest.csv")
    return folders


rule measure_stage_quality:
    input:
        unpack(quality_inputs),
        code=code("measure_stage_quality.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=MASKS,
    output:
        quality=f"{RESULTS}/stage_quality/{{experiment}}/seed-{{seed}}/quality.csv",
    log:
        f"{LOGS}/measure_stage_quality/{{experiment}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_stage_quality/{{experiment}}_seed-{{seed}}.tsv"
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        split=CONFIG.dataset.train_split,
        stages=lambda w: [m.name for m in measured_stages(w.experiment)],
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/measure_stage_quality.py"
