"""NSROM: classifier with attention accumulation, integral attention model, maps."""


rule train_classifier:
    input:
        code=code("train_classifier.py"),
        images=IMAGES,
        classes=CLASSES,
        weights=initial_weights(classifier_backbone, "classifier"),
    output:
        checkpoint=f"{RESULTS}/classifier/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/classifier/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/classifier/{{variant}}/seed-{{seed}}/provenance.json",
        attention=directory(f"{RESULTS}/classifier/{{variant}}/seed-{{seed}}/attention"),
        manifest=f"{RESULTS}/classifier/{{variant}}/seed-{{seed}}/manifest.csv",
    log:
        f"{LOGS}/train_classifier/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_classifier/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 4000, 8000)),
        runtime="24h",
        gpu=1,
    params:
        settings=settings_of("classifier"),
        weights_digest=weights_digest(classifier_backbone, "classifier"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_classifier.py"


rule train_integral:
    input:
        code=code("train_integral.py"),
        images=IMAGES,
        classes=CLASSES,
        attention=ancient(upstream("integral", "classifier", "attention")),
        manifest=upstream("integral", "classifier", "manifest.csv"),
        weights=initial_weights(classifier_backbone, "integral"),
    output:
        checkpoint=f"{RESULTS}/integral/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/integral/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/integral/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/train_integral/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_integral/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 4000, 8000)),
        runtime="24h",
        gpu=1,
    params:
        settings=settings_of("integral"),
        weights_digest=weights_digest(classifier_backbone, "integral"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_integral.py"


rule export_cams:
    input:
        code=code("export_maps.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("cams", "classifier", "model.safetensors"),
    output:
        maps=directory(f"{RESULTS}/cams/{{variant}}/seed-{{seed}}/maps"),
        manifest=f"{RESULTS}/cams/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/cams/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/export_cams/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/export_cams/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("cams"),
        split=CONFIG.dataset.train_split,
        integral=False,
    script:
        "../workflow/scripts/export_maps.py"


rule export_integral_cams:
    input:
        code=code("export_maps.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("integral_cams", "integral", "model.safetensors"),
    output:
        maps=directory(f"{RESULTS}/integral_cams/{{variant}}/seed-{{seed}}/maps"),
        manifest=f"{RESULTS}/integral_cams/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/integral_cams/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/export_integral_cams/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/export_integral_cams/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("integral_cams"),
        split=CONFIG.dataset.train_split,
        integral=True,
    script:
        "../workflow/scripts/export_maps.py"


include: "nsrom_labels.smk"
