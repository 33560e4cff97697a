"""How good labels are, stage by stage, whatever the method: compared with true masks, for evaluation only."""

from wsss.methods import MEASURED


def quality_inputs(wildcards):
    """The folders of all stages that an experiment has, and their manifests."""
    settings = PLAN.settings(wildcards.experiment)
    folders = {}
    for m in MEASURED:
        if PLAN.has(m.stage, settings):
            variant = PLAN.variant(m.stage, settings)
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
        stages=[m.name for m in MEASURED],
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/measure_stage_quality.py"
