"""What only the saliency-free model shows: clouds of features, variance, seeds and masks, pictures of projections."""


def of_kind(*kinds):
    """The config's figures of features of some kinds."""
    return [n for n, f in CONFIG.feature_figures.items() if f.kind in kinds]


CLOUDS, VARIANCES, PROJECTED = of_kind("clouds"), of_kind("variance"), of_kind("projections")
SEEDED, ESTIMATED = of_kind("seeds"), of_kind("masks", "seeds")


wildcard_constraints:
    clouds=one_of(CLOUDS),
    variance=one_of(VARIANCES),
    seeds=one_of(SEEDED),
    estimated=one_of(ESTIMATED),
    projected=one_of(PROJECTED),


def paper_states(figure):
    """For ``input:``: what the paper states of its Figure 3, where a figure is of the same data and network."""
    networks = {
        PLAN.settings(e)["classifier.backbone"] for e in CONFIG.feature_figures[figure].experiments
    }
    return paper("generic_figure3")[0] if ON_VOC2012 and networks == {"resnet101"} else []


def drawn(name):
    """The files of a figure of this method."""
    kinds = ["png", "pdf", *(["csv"] if name in (*CLOUDS, *VARIANCES) else [])]
    return expand(f"{FIGURES}/{name}.{{kind}}", kind=kinds)


for name in [*CLOUDS, *VARIANCES, *ESTIMATED, *PROJECTED]:

    rule:
        name:
            name
        input:
            [drawn(part) for part in with_parts(name)],
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
        settings_of=lambda w: settings_in("patterns", w.clouds),
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


rule compute_variance:
    input:
        code=code("compute_variance.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoints=lambda w: first_of("image_classifier", "model.safetensors", w.variance),
        used=lambda w: first_of("patterns", "images.csv", w.variance),
        stated=lambda w: paper_states(w.variance),
    output:
        table=f"{FIGURES}/{{variance}}.csv",
    log:
        f"{LOGS}/compute_variance/{{variance}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_variance/{{variance}}.tsv"
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="2h",
    params:
        figure=lambda w: CONFIG.feature_figures[w.variance].model_dump(),
        settings_of=lambda w: settings_in("patterns", w.variance),
        labels=lambda w: labels_of(CONFIG.feature_figures[w.variance].experiments),
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/compute_variance.py"


rule draw_variance:
    input:
        code=code("draw_variance.py"),
        table=f"{FIGURES}/{{variance}}.csv",
    output:
        png=drawing("variance", DRAWINGS, CONFIG.feature_figures),
        pdf=f"{FIGURES}/{{variance}}.pdf",
    log:
        f"{LOGS}/draw_variance/{{variance}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_variance/{{variance}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        figure=lambda w: CONFIG.feature_figures[w.variance].model_dump(),
        compared=lambda w: bool(paper_states(w.variance)),
    script:
        "../workflow/scripts/draw_variance.py"


# Seeds are those of the first experiment's classifier.
rule compute_seeds:
    input:
        code=code("compute_seeds.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=lambda w: first_of("image_classifier", "model.safetensors", w.seeds)[0],
    output:
        seeds=f"{FIGURES}/{{seeds}}.safetensors",
    log:
        f"{LOGS}/compute_seeds/{{seeds}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_seeds/{{seeds}}.tsv"
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="1h",
    params:
        settings=lambda w: settings_in("patterns", w.seeds)[0],
        figure=lambda w: CONFIG.feature_figures[w.seeds].model_dump(),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/compute_seeds.py"


rule draw_masks:
    input:
        code=code("draw_masks.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
        seeds=lambda w: f"{FIGURES}/{w.estimated}.safetensors" if w.estimated in SEEDED else [],
        labels=lambda w: ancient(first_of("estimated_masks", "labels", w.estimated)),
        manifests=lambda w: first_of("estimated_masks", "manifest.csv", w.estimated),
    output:
        png=drawing("estimated", LABELS, CONFIG.feature_figures),
        pdf=f"{FIGURES}/{{estimated}}.pdf",
    log:
        f"{LOGS}/draw_masks/{{estimated}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_masks/{{estimated}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.feature_figures[w.estimated].model_dump(),
        labels=lambda w: labels_of(CONFIG.feature_figures[w.estimated].experiments),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/draw_masks.py"
