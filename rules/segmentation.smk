"""The segmentation network, shared by all methods: training, and prediction on training pictures."""


def round_labels(file):
    """For ``input:``: the labels that train a round."""
    roles = {"round1": "labels", "round2": "second_labels"}

    def path(wildcards):
        return upstream(wildcards.round, roles[wildcards.round], file)(wildcards)

    return path


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


# Full supervision: the only rule that trains on ground-truth masks.
rule train_fully_supervised:
    input:
        code=code("train_fully_supervised.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
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


include: "evaluation.smk"
