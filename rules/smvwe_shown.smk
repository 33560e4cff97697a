"""What only SMVWE shows: what the background score does, pictures of words, and the target of everything."""

WORDS = [n for n, f in CONFIG.feature_figures.items() if f.kind == "words"]
# The experiments whose background scores are compared.
SCORED_BACKGROUND = [
    e for e in ("vwe", "smvwe") if e in weakly_supervised("smvwe")
] or weakly_supervised("smvwe")


wildcard_constraints:
    words=one_of(WORDS),


def word_maps_of(experiment):
    """The variant of the maps that an experiment's labels are made of."""
    return PLAN.variant("word_maps", PLAN.settings(experiment))


def background_files(wildcards):
    """The measurements of all seeds of each experiment whose background scores are compared."""
    variants = [word_maps_of(e).name for e in SCORED_BACKGROUND]
    file = f"{RESULTS}/background_quality/{{variant}}/seed-{{seed}}/quality.csv"
    return expand(file, variant=variants, seed=CONFIG.seeds)


for name in WORDS:

    rule:
        name:
            name
        input:
            expand(f"{FIGURES}/{name}.{{kind}}", kind=["png", "pdf", "csv"]),
        localrule: True


rule measure_background:
    input:
        code=code("measure_background.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=MASKS,
        saliency=SALIENCY,
        maps=ancient(f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/maps"),
        maps_manifest=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/manifest.csv",
    output:
        quality=f"{RESULTS}/background_quality/{{variant}}/seed-{{seed}}/quality.csv",
    log:
        f"{LOGS}/measure_background/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_background/{{variant}}_seed-{{seed}}.tsv"
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        split=CONFIG.dataset.train_split,
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/measure_background.py"


rule compute_background:
    input:
        code=code("compute_background.py"),
        qualities=background_files,
    output:
        table=f"{TABLES}/smvwe_background.csv",
    log:
        f"{LOGS}/compute_background/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_background/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=labels_of(SCORED_BACKGROUND),
        constants=[PLAN.settings(e)["smvwe.background_score"] for e in SCORED_BACKGROUND],
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_background.py"


rule write_background:
    input:
        code=code("write_background.py"),
        table=f"{TABLES}/smvwe_background.csv",
    output:
        md=f"{TABLES}/smvwe_background.md",
        tex=f"{TABLES}/smvwe_background.tex",
        html=in_report(f"{TABLES}/smvwe_background.html", "background", LABELS, "Background scores"),
    log:
        f"{LOGS}/write_background/log.txt",
    benchmark:
        f"{BENCHMARKS}/write_background/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/write_background.py"


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
        settings_of=lambda w: [
            word_maps_of(e).relevant for e in CONFIG.feature_figures[w.words].experiments
        ],
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
        masks=MASKS,
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
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/draw_words.py"


if weakly_supervised("smvwe"):
    SHOWN_OF["smvwe"].append("smvwe_background")
    OWN_PAGES.append("smvwe_background")

    rule smvwe_background:
        input:
            expand(f"{TABLES}/smvwe_background.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True
