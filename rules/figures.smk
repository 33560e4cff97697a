"""Figures: curves over the values of a setting, and pictures; one target for each sweep and figure of the config."""

from types import SimpleNamespace

FIGURES = f"{RESULTS}/figures"


wildcard_constraints:
    sweep=one_of(CONFIG.sweeps),
    predictions=one_of(n for n, f in CONFIG.figures.items() if f.experiments),
    evolution=one_of(n for n, f in CONFIG.figures.items() if not f.experiments),


def evolving():
    """The experiment whose labels are shown as they evolve: NSROM itself, else the last that has such labels."""
    from_labels = [
        e
        for e in CONFIG.experiments
        if PLAN.settings(e)["segmentation.supervision"] == "image_labels"
    ]
    return "nsrom" if "nsrom" in from_labels else from_labels[-1]


def evolution_inputs(wildcards):
    """The folders of all label stages of one chain, first seed, and their manifests."""
    return quality_inputs(SimpleNamespace(experiment=evolving(), seed=CONFIG.seeds[0]))


def drawing(kind, category, entries):
    """The picture that the wildcard ``kind`` names, marked for the report; its caption is called as the wildcard."""
    return in_report(f"{FIGURES}/{{{kind}}}.png", kind, category, titled(kind, entries))


def compared_in(wildcards):
    """The experiments whose predictions a figure compares."""
    return CONFIG.figures[wildcards.predictions].experiments


def first_evaluations(file):
    """For ``input:``: a file of the evaluation, first seed, of each experiment that the figure compares."""
    return lambda wildcards: [results_of(e, file)[0] for e in compared_in(wildcards)]


def sweep_metrics(sweep):
    """The evaluations of all seeds of each value of a sweep."""
    chains = [results_of(sweep.experiment, "metrics.json", **{sweep.key: v}) for v in sweep.values]
    return [f for chain in chains for f in chain]


def experiments_along(sweep):
    """For each value of a sweep, as text: the experiments that have the same settings, whose numbers are its numbers."""
    variants = {e: PLAN.variant("evaluation", PLAN.settings(e)) for e in CONFIG.experiments}
    along = {
        str(v): PLAN.variant("evaluation", PLAN.settings(sweep.experiment, **{sweep.key: v}))
        for v in sweep.values
    }
    return {v: [e for e in variants if variants[e].name == along[v].name] for v in along}


def sweep_default(sweep):
    """The value that the swept experiment has otherwise."""
    return str(PLAN.settings(sweep.experiment)[sweep.key])


def first_of(stage, file, figure):
    """A file of a stage, first seed, of each experiment that a figure of features shows."""
    chosen = [
        PLAN.variant(stage, PLAN.settings(e)) for e in CONFIG.feature_figures[figure].experiments
    ]
    return [artifact(variant, CONFIG.seeds[0], file) for variant in chosen]


def labels_of(experiments):
    """How tables and figures call experiments."""
    return [CONFIG.experiments[e].label for e in experiments]


for name in [*CONFIG.sweeps, *CONFIG.figures]:

    rule:
        name:
            name
        input:
            f"{FIGURES}/{name}.png",
            f"{FIGURES}/{name}.pdf",
            [f"{FIGURES}/{name}.csv"] if name in CONFIG.sweeps else [],
        localrule: True


rule compute_sweep:
    input:
        code=code("compute_sweep.py"),
        metrics=lambda w: sweep_metrics(CONFIG.sweeps[w.sweep]),
        numbers=paper("_ledger") if ON_VOC2012 else [],
    output:
        points=f"{FIGURES}/{{sweep}}.csv",
    log:
        f"{LOGS}/compute_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_sweep/{{sweep}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        values=lambda w: CONFIG.sweeps[w.sweep].values,
        experiments=lambda w: experiments_along(CONFIG.sweeps[w.sweep]),
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_sweep.py"


rule draw_sweep:
    input:
        code=code("draw_sweep.py"),
        points=f"{FIGURES}/{{sweep}}.csv",
    output:
        png=drawing("sweep", DRAWINGS, CONFIG.sweeps),
        pdf=f"{FIGURES}/{{sweep}}.pdf",
    log:
        f"{LOGS}/draw_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_sweep/{{sweep}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        sweep=lambda w: CONFIG.sweeps[w.sweep].model_dump(),
        default=lambda w: sweep_default(CONFIG.sweeps[w.sweep]),
        published_best=lambda w: CONFIG.sweeps[w.sweep].published_best if ON_VOC2012 else None,
    script:
        "../workflow/scripts/draw_sweep.py"


rule draw_predictions:
    input:
        code=code("draw_predictions.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=MASKS,
        predictions=lambda w: ancient(first_evaluations("predictions")(w)),
        manifests=first_evaluations("manifest.csv"),
    output:
        png=drawing("predictions", DRAWINGS, CONFIG.figures),
        pdf=f"{FIGURES}/{{predictions}}.pdf",
    log:
        f"{LOGS}/draw_predictions/{{predictions}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_predictions/{{predictions}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.figures[w.predictions].model_dump(),
        labels=lambda w: [CONFIG.experiments[e].label for e in compared_in(w)],
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.val_split,
    script:
        "../workflow/scripts/draw_predictions.py"


rule draw_evolution:
    input:
        unpack(evolution_inputs),
        code=code("draw_evolution.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=SALIENCY,
        masks=MASKS,
    output:
        png=drawing("evolution", LABELS, CONFIG.figures),
        pdf=f"{FIGURES}/{{evolution}}.pdf",
    log:
        f"{LOGS}/draw_evolution/{{evolution}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_evolution/{{evolution}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.figures[w.evolution].model_dump(),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/draw_evolution.py"
