"""NSROM: initial labels from maps and saliency, pseudo labels, masked labels."""


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
        maps=ancient(upstream("pseudo_labels", "mining_maps", "maps")),
        maps_manifest=upstream("pseudo_labels", "mining_maps", "manifest.csv"),
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
