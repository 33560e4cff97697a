"""The segmentation network, shared by all methods: training, prediction on training pictures, evaluation."""


def round_labels(file):
    """For ``input:``: the labels that train a round."""
    roles = {"round1": "labels", "round2": "second_labels"}

    def path(wildcards):
        return upstream(wildcards.round, roles[wildcards.round], file)(wildcards)

    return path


def model_of(wildcards):
    """The checkpoint that an experiment's evaluation scores."""
    return upstream("evaluation", "model", "model.safetensors")(wildcards)


rule train_segmentation:
    input:
        code=code("train_segmentation.py"),
        images=IMAGES,
        classes=CLASSES,
        labels=ancient(round_labels("labels")),
        manifest=round_labels("manifest.csv"),
        weights=initial_weights(segmentation_backbone),
    output:
        checkpoint=f"{RESULTS}/{{round}}/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/{{round}}/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/{{round}}/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/train_segmentation/{{round}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_segmentation/{{round}}_{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 4000, 14000)),
        runtime="24h",
        gpu=1,
    params:
        settings=lambda w: PLAN.lookup(w.round, w.variant).relevant,
        weights_digest=weights_digest(segmentation_backbone),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_segmentation.py"


# The bound: the only rule that trains on ground-truth masks.
rule train_fully_supervised:
    input:
        code=code("train_fully_supervised.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=MASKS,
        weights=initial_weights(segmentation_backbone, "fully_supervised"),
    output:
        checkpoint=f"{RESULTS}/fully_supervised/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/fully_supervised/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/fully_supervised/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/train_fully_supervised/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_fully_supervised/{{variant}}_seed-{{seed}}.tsv"
    priority: 10  # nothing but tables waits for it: started last, it would leave the other cores idle
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 4000, 14000)),
        runtime="24h",
        gpu=1,
    params:
        settings=settings_of("fully_supervised"),
        weights_digest=weights_digest(segmentation_backbone, "fully_supervised"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_fully_supervised.py"


rule predict_training_images:
    input:
        code=code("predict.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("predictions", "round1", "model.safetensors"),
        parts=parts_of("predictions"),
    output:
        labels=directory(f"{RESULTS}/predictions/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/predictions/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/predictions/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/predict_training_images/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/predict_training_images/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("predictions"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/predict.py"


use rule predict_training_images as predict_training_images_part with:
    output:
        part=temp(directory(a_part("predictions"))),
    log:
        f"{LOGS}/predict_training_images_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/predict_training_images_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


rule evaluate:
    input:
        code=code("evaluate.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=MASKS,
        checkpoint=model_of,
        parts=parts_of("evaluation"),
    output:
        metrics=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/metrics.json",
        per_class=f"{RESULTS}/evaluation/{{variant}}/seed-{{seed}}/per_class.csv",
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
