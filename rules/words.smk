"""Pictures of SMVWE's words, maps and labels; one target for each."""

WORDS = [n for n, f in CONFIG.feature_figures.items() if f.kind == "words"]


wildcard_constraints:
    words=one_of(WORDS),


def word_maps_of(experiment):
    """The variant of the maps that an experiment's labels are made of."""
    return PLAN.variant("word_maps", PLAN.settings(experiment))


for name in WORDS:

    rule:
        name:
            name
        input:
            expand(f"{FIGURES}/{name}.{{kind}}", kind=["png", "pdf", "csv"]),
        localrule: True


rule compute_words:
    input:
        code=code("compute_words.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoints=lambda w: first_of("word_encoder", "model.safetensors", w.words),
    output:
        words=f"{FIGURES}/{{words}}.safetensors",
        table=f"{FIGURES}/{{words}}.csv",
    log:
        f"{LOGS}/compute_words/{{words}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_words/{{words}}.tsv"
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 8000)),
        runtime="2h",
    params:
        figure=lambda w: CONFIG.feature_figures[w.words].model_dump(),
        settings_of=lambda w: settings_in("word_maps", w.words),
        labels=lambda w: labels_of(CONFIG.feature_figures[w.words].experiments),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/compute_words.py"


rule draw_words:
    input:
        code=code("draw_words.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
        saliency=SALIENCY,
        words=f"{FIGURES}/{{words}}.safetensors",
        maps=lambda w: ancient(first_of("word_maps", "maps", w.words)),
        labels=lambda w: ancient(first_of("word_labels", "labels", w.words)),
        manifests=lambda w: [
            f for s in ("word_maps", "word_labels") for f in first_of(s, "manifest.csv", w.words)
        ],
    output:
        png=drawing("words", LABELS, CONFIG.feature_figures),
        pdf=f"{FIGURES}/{{words}}.pdf",
    log:
        f"{LOGS}/draw_words/{{words}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_words/{{words}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.feature_figures[w.words].model_dump(),
        names=lambda w: labels_of(CONFIG.feature_figures[w.words].experiments),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
        aligned=lambda w: aligned(CONFIG.feature_figures[w.words].experiments),
    script:
        "../workflow/scripts/draw_words.py"
