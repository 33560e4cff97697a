"""What only the saliency-free model shows: clouds of features, pictures of projections."""

CLOUDS = [n for n, f in CONFIG.feature_figures.items() if f.kind == "clouds"]
PROJECTED = [n for n, f in CONFIG.feature_figures.items() if f.kind == "projections"]


wildcard_constraints:
    clouds=one_of(CLOUDS),
    projected=one_of(PROJECTED),


for name in [*CLOUDS, *PROJECTED]:

    rule:
        name:
            name
        input:
            f"{FIGURES}/{name}.png",
            f"{FIGURES}/{name}.pdf",
            [f"{FIGURES}/{name}.csv"] if name in CLOUDS else [],
        localrule: True


rule compute_clouds:
    input:
        code=code("compute_clouds.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
        checkpoints=lambda w: first_of("image_classifier", "model.safetensors", w.clouds),
        patterns=lambda w: first_of("patterns", "patterns.safetensors", w.clouds),
    output:
        points=f"{FIGURES}/{{clouds}}.csv",
    log:
        f"{LOGS}/compute_clouds/{{clouds}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_clouds/{{clouds}}.tsv"
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="1h",
    params:
        figure=lambda w: CONFIG.feature_figures[w.clouds].model_dump(),
        settings_of=lambda w: [
            PLAN.variant("patterns", PLAN.settings(e)).relevant
            for e in CONFIG.feature_figures[w.clouds].experiments
        ],
        labels=lambda w: labels_of(CONFIG.feature_figures[w.clouds].experiments),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/compute_clouds.py"


rule draw_clouds:
    input:
        code=code("draw_clouds.py"),
        points=f"{FIGURES}/{{clouds}}.csv",
    output:
        png=drawing("clouds", DRAWINGS, CONFIG.feature_figures),
        pdf=f"{FIGURES}/{{clouds}}.pdf",
    log:
        f"{LOGS}/draw_clouds/{{clouds}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_clouds/{{clouds}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        figure=lambda w: CONFIG.feature_figures[w.clouds].model_dump(),
    script:
        "../workflow/scripts/draw_clouds.py"


rule draw_projections:
    input:
        code=code("draw_projections.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
        projections=lambda w: ancient(first_of("projections", "projections", w.projected)),
        manifests=lambda w: first_of("projections", "manifest.csv", w.projected),
    output:
        png=drawing("projected", LABELS, CONFIG.feature_figures),
        pdf=f"{FIGURES}/{{projected}}.pdf",
    log:
        f"{LOGS}/draw_projections/{{projected}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_projections/{{projected}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.feature_figures[w.projected].model_dump(),
        labels=lambda w: labels_of(CONFIG.feature_figures[w.projected].experiments),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
        aligned=lambda w: aligned(CONFIG.feature_figures[w.projected].experiments),
    script:
        "../workflow/scripts/draw_projections.py"
