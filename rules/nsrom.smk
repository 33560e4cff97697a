"""NSROM: classifier with attention accumulation, integral attention model, maps, labels."""


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


rule fuse_saliency:
    input:
        code=code("fuse_saliency.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=SALIENCY,
        maps=ancient(upstream("initial_labels", "integral_cams", "maps")),
        maps_manifest=upstream("initial_labels", "integral_cams", "manifest.csv"),
        parts=parts_of("initial_labels"),
    output:
        labels=directory(f"{RESULTS}/initial_labels/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/initial_labels/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/initial_labels/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/fuse_saliency/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/fuse_saliency/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        settings=settings_of("initial_labels"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/fuse_saliency.py"


use rule fuse_saliency as fuse_saliency_part with:
    output:
        part=temp(directory(a_part("initial_labels"))),
    log:
        f"{LOGS}/fuse_saliency_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/fuse_saliency_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


rule mine_potential_objects:
    input:
        code=code("mine_potential_objects.py"),
        images=IMAGES,
        classes=CLASSES,
        initial=ancient(upstream("pseudo_labels", "initial_labels", "labels")),
        initial_manifest=upstream("pseudo_labels", "initial_labels", "manifest.csv"),
        maps=ancient(upstream("pseudo_labels", "cams", "maps")),
        maps_manifest=upstream("pseudo_labels", "cams", "manifest.csv"),
        parts=parts_of("pseudo_labels"),
    output:
        labels=directory(f"{RESULTS}/pseudo_labels/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/pseudo_labels/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/pseudo_labels/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/mine_potential_objects/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/mine_potential_objects/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        settings=settings_of("pseudo_labels"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/mine_potential_objects.py"


use rule mine_potential_objects as mine_potential_objects_part with:
    output:
        part=temp(directory(a_part("pseudo_labels"))),
    log:
        f"{LOGS}/mine_potential_objects_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/mine_potential_objects_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


rule mask_nonsalient_region:
    input:
        code=code("mask_nonsalient_region.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=SALIENCY,
        predictions=ancient(upstream("masked_labels", "predictions", "labels")),
        predictions_manifest=upstream("masked_labels", "predictions", "manifest.csv"),
        labels=ancient(upstream("masked_labels", "labels", "labels")),
        labels_manifest=upstream("masked_labels", "labels", "manifest.csv"),
        parts=parts_of("masked_labels"),
    output:
        labels=directory(f"{RESULTS}/masked_labels/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/masked_labels/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/masked_labels/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/mask_nonsalient_region/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/mask_nonsalient_region/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        settings=settings_of("masked_labels"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/mask_nonsalient_region.py"


use rule mask_nonsalient_region as mask_nonsalient_region_part with:
    output:
        part=temp(directory(a_part("masked_labels"))),
    log:
        f"{LOGS}/mask_nonsalient_region_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/mask_nonsalient_region_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"
