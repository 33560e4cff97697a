"""The saliency-free model: class patterns, projections, estimated masks.  No rule here reads saliency."""


rule find_patterns:
    input:
        code=code("find_patterns.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("patterns", "image_classifier", "model.safetensors"),
    output:
        patterns=f"{RESULTS}/patterns/{{variant}}/seed-{{seed}}/patterns.safetensors",
        table=f"{RESULTS}/patterns/{{variant}}/seed-{{seed}}/patterns.csv",
        images=f"{RESULTS}/patterns/{{variant}}/seed-{{seed}}/images.csv",
        provenance=f"{RESULTS}/patterns/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/find_patterns/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/find_patterns/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 8000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("patterns"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/find_patterns.py"


rule project_features:
    input:
        code=code("project_features.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("projections", "image_classifier", "model.safetensors"),
        patterns=upstream("projections", "patterns", "patterns.safetensors"),
    output:
        projections=directory(f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/projections"),
        manifest=f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/project_features/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/project_features/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("projections"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/project_features.py"


rule estimate_masks:
    input:
        code=code("estimate_masks.py"),
        images=IMAGES,
        classes=CLASSES,
        projections=ancient(upstream("estimated_masks", "projections", "projections")),
        projections_manifest=upstream("estimated_masks", "projections", "manifest.csv"),
        parts=parts_of("estimated_masks"),
    output:
        labels=directory(f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/manifest.csv",
        silent=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/silent.csv",
        provenance=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/estimate_masks/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/estimate_masks/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1500),
        runtime="4h",
    params:
        settings=settings_of("estimated_masks"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/estimate_masks.py"


use rule estimate_masks as estimate_masks_part with:
    output:
        part=temp(directory(a_part("estimated_masks"))),
    log:
        f"{LOGS}/estimate_masks_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/estimate_masks_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


# Of validation pictures, to compare their pseudo labels with the true masks; nothing trains on them.
use rule project_features as project_features_of_validation with:
    output:
        projections=directory(f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/val/projections"),
        manifest=f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/val/manifest.csv",
        provenance=f"{RESULTS}/projections/{{variant}}/seed-{{seed}}/val/provenance.json",
    log:
        f"{LOGS}/project_features_of_validation/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/project_features_of_validation/{{variant}}_seed-{{seed}}.tsv"
    params:
        settings=settings_of("projections"),
        split=CONFIG.dataset.val_split,


use rule estimate_masks as estimate_masks_of_validation with:
    input:
        code=code("estimate_masks.py"),
        images=IMAGES,
        classes=CLASSES,
        projections=ancient(upstream("estimated_masks", "projections", "val/projections")),
        projections_manifest=upstream("estimated_masks", "projections", "val/manifest.csv"),
    output:
        labels=directory(f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/val/labels"),
        manifest=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/val/manifest.csv",
        silent=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/val/silent.csv",
        provenance=f"{RESULTS}/estimated_masks/{{variant}}/seed-{{seed}}/val/provenance.json",
    log:
        f"{LOGS}/estimate_masks_of_validation/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/estimate_masks_of_validation/{{variant}}_seed-{{seed}}.tsv"
    params:
        settings=settings_of("estimated_masks"),
        split=CONFIG.dataset.val_split,
