"""The plain image classifier, for every method that needs no other.  It reads no saliency."""


rule train_image_classifier:
    input:
        code=code("train_image_classifier.py"),
        images=IMAGES,
        classes=CLASSES,
        weights=initial_weights(classifier_backbone, "image_classifier"),
    output:
        checkpoint=f"{RESULTS}/image_classifier/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/image_classifier/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/image_classifier/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/train_image_classifier/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_image_classifier/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 4000, 12000)),
        runtime="24h",
        gpu=1,
    params:
        settings=settings_of("image_classifier"),
        weights_digest=weights_digest(classifier_backbone, "image_classifier"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_image_classifier.py"
