"""How good labels are, stage by stage, whatever the method: compared with true masks, for evaluation only."""

from wsss.methods import MEASURED


def measured_stages(experiment):
    """Of what tables of quality show, the stages that an experiment has."""
    return [m for m in MEASURED if PLAN.has(m.stage, PLAN.settings(experiment))]


def first_labels(experiment):
    """What tables of quality call the labels that train the first round of an experiment."""
    stage = resolve("labels", PLAN.settings(experiment))
    return next(m.name for m in MEASURED if m.stage == stage)


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
        masks=masks_of(CONFIG.dataset.train_split),
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
        aligned=lambda w: aligned([w.experiment]),
    script:
        "../workflow/scripts/measure_stage_quality.py"


# Target → what the report calls it: of NSROM's first and last chain, and of all chains of each other method.
QUALITY = {"stage_quality": "Quality of the labels"}
for method in METHODS:
    if method != "nsrom" and weakly_supervised(method):
        QUALITY[f"{method}_stage_quality"] = f"Quality of the labels: {METHODS[method].title}"


wildcard_constraints:
    quality=one_of(QUALITY),


for name in QUALITY:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True


rule compute_stage_quality:
    input:
        code=code("compute_stage_quality.py"),
        quality=lambda w: measurements(
            "stage_quality", "quality.csv", quality_experiments(w.quality)
        ),
    output:
        table=f"{TABLES}/{{quality}}.csv",
    log:
        f"{LOGS}/compute_stage_quality/{{quality}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_stage_quality/{{quality}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=lambda w: quality_experiments(w.quality),
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_stage_quality.py"


rule write_stage_quality:
    input:
        code=code("write_stage_quality.py"),
        table=f"{TABLES}/{{quality}}.csv",
    output:
        md=f"{TABLES}/{{quality}}.md",
        tex=f"{TABLES}/{{quality}}.tex",
        html=in_report(
            f"{TABLES}/{{quality}}.html", "stage_quality", LABELS, lambda w: QUALITY[w.quality]
        ),
    log:
        f"{LOGS}/write_stage_quality/{{quality}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_stage_quality/{{quality}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/write_stage_quality.py"
