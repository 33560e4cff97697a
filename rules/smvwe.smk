"""SMVWE: one network of maps and words, its maps, the background score, labels."""


def saliency_of_words(wildcards):
    """For ``input:``: the saliency maps, unless the visual word encoder trains alone."""
    settings = PLAN.lookup("word_encoder", wildcards.variant).settings
    return SALIENCY if settings["smvwe.saliency_feedback"] else []


def chosen_score(wildcards):
    """For ``input:``: the background score that saliency maps chose; none if it is a constant."""
    variant = PLAN.lookup("word_labels", wildcards.variant)
    if variant.settings["smvwe.background_by"] == "constant":
        return []
    return artifact(PLAN.upstream(variant, "background_score"), wildcards.seed, "score.json")


rule train_word_encoder:
    input:
        code=code("train_word_encoder.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=saliency_of_words,
        weights=initial_weights(classifier_backbone, "word_encoder"),
    output:
        checkpoint=f"{RESULTS}/word_encoder/{{variant}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/word_encoder/{{variant}}/seed-{{seed}}/history.csv",
        provenance=f"{RESULTS}/word_encoder/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/train_word_encoder/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/train_word_encoder/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 4000, 14000)),
        runtime="24h",
        gpu=1,
    params:
        settings=settings_of("word_encoder"),
        weights_digest=weights_digest(classifier_backbone, "word_encoder"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/train_word_encoder.py"


rule export_word_maps:
    input:
        code=code("export_word_maps.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=upstream("word_maps", "word_encoder", "model.safetensors"),
    output:
        maps=directory(f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/maps"),
        manifest=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/export_word_maps/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/export_word_maps/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 8000)),
        runtime="8h",
        gpu=1,
    params:
        settings=settings_of("word_maps"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/export_word_maps.py"


rule choose_background_score:
    input:
        code=code("choose_background_score.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=SALIENCY,
        maps=ancient(upstream("background_score", "word_maps", "maps")),
        maps_manifest=upstream("background_score", "word_maps", "manifest.csv"),
    output:
        score=f"{RESULTS}/background_score/{{variant}}/seed-{{seed}}/score.json",
        table=f"{RESULTS}/background_score/{{variant}}/seed-{{seed}}/agreement.csv",
        provenance=f"{RESULTS}/background_score/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/choose_background_score/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/choose_background_score/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        settings=settings_of("background_score"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/choose_background_score.py"


rule make_word_labels:
    input:
        code=code("make_word_labels.py"),
        images=IMAGES,
        classes=CLASSES,
        score=chosen_score,
        maps=ancient(upstream("word_labels", "word_maps", "maps")),
        maps_manifest=upstream("word_labels", "word_maps", "manifest.csv"),
        parts=parts_of("word_labels"),
    output:
        labels=directory(f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/make_word_labels/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/make_word_labels/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        settings=settings_of("word_labels"),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/make_word_labels.py"


use rule make_word_labels as make_word_labels_part with:
    output:
        part=temp(directory(a_part("word_labels"))),
    log:
        f"{LOGS}/make_word_labels_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/make_word_labels_part/{{scatteritem}}_{{variant}}_seed-{{seed}}.tsv"


# Of validation pictures, to compare their pseudo labels with the true masks; nothing trains on them.
use rule export_word_maps as export_word_maps_of_validation with:
    output:
        maps=directory(f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/val/maps"),
        manifest=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/val/manifest.csv",
        provenance=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/val/provenance.json",
    log:
        f"{LOGS}/export_word_maps_of_validation/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/export_word_maps_of_validation/{{variant}}_seed-{{seed}}.tsv"
    params:
        settings=settings_of("word_maps"),
        split=CONFIG.dataset.val_split,


use rule make_word_labels as make_word_labels_of_validation with:
    input:
        code=code("make_word_labels.py"),
        images=IMAGES,
        classes=CLASSES,
        score=chosen_score,
        maps=ancient(upstream("word_labels", "word_maps", "val/maps")),
        maps_manifest=upstream("word_labels", "word_maps", "val/manifest.csv"),
    output:
        labels=directory(f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/val/labels"),
        manifest=f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/val/manifest.csv",
        provenance=f"{RESULTS}/word_labels/{{variant}}/seed-{{seed}}/val/provenance.json",
    log:
        f"{LOGS}/make_word_labels_of_validation/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/make_word_labels_of_validation/{{variant}}_seed-{{seed}}.tsv"
    params:
        settings=settings_of("word_labels"),
        split=CONFIG.dataset.val_split,
