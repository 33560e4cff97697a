"""Evaluation of a segmentation network on the validation pictures; one target for each experiment."""


def model_of(wildcards):
    """The checkpoint that an experiment's evaluation scores."""
    return upstream("evaluation", "model", "model.safetensors")(wildcards)


def as_tested(settings, crf=True):
    """An evaluation's settings for predictions of other pictures: not those of the first round."""
    unlike = {"first_round.scales": None, "first_round.filter_by_labels": False}
    return settings | unlike | {"prediction.crf.enabled": crf}


rule evaluate:
    input:
        code=code("evaluate.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.val_split),
        checkpoint=model_of,
        parts=parts_of("evaluation"),
    output:
        metrics=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/metrics.json",
        per_class=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/per_class.csv",
        counts=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/counts.npz",
        provenance=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/provenance.json",
        predictions=directory(f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/predictions"),
        manifest=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/manifest.csv",
    log:
        f"{LOGS}/evaluate/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/evaluate/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("evaluation"),
        split=CONFIG.dataset.val_split,
    script:
        "../workflow/scripts/evaluate.py"


use rule evaluate as evaluate_part with:
    output:
        part=temp(directory(a_part("evaluation"))),
    log:
        f"{LOGS}/evaluate_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/evaluate_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


for name in CONFIG.experiments:

    rule:
        name:
            f"evaluate_{name}"
        input:
            results_of(name, "metrics.json"),
        localrule: True
