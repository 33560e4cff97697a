"""Figures: curves over the values of a setting, and pictures; one target for each sweep and figure of the config."""

from types import SimpleNamespace

FIGURES = f"{RESULTS}/figures"
QUALITATIVE = [n for n, f in CONFIG.figures.items() if f.experiments]
EVOLUTION = [n for n, f in CONFIG.figures.items() if not f.experiments]


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


def first_predictions(file):
    """For ``input:``: a file of the evaluation, first seed, of each experiment that the figure compares."""
    return lambda w: [results_of(e, file)[0] for e in CONFIG.figures[w.figure].experiments]


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
        metrics=lambda w: [
            f
            for v in CONFIG.sweeps[w.sweep].values
            for f in results_of(
                CONFIG.sweeps[w.sweep].experiment,
                "metrics.json",
                **{CONFIG.sweeps[w.sweep].key: v},
            )
        ],
    output:
        points=f"{FIGURES}/{{sweep}}.csv",
    log:
        f"{LOGS}/compute_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_sweep/{{sweep}}.tsv"
    wildcard_constraints:
        sweep=one_of(CONFIG.sweeps),
    resources:
        mem_mb=500,
    params:
        values=lambda w: CONFIG.sweeps[w.sweep].values,
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_sweep.py"


rule draw_sweep:
    input:
        code=code("draw_sweep.py"),
        points=f"{FIGURES}/{{sweep}}.csv",
    output:
        png=report(
            f"{FIGURES}/{{sweep}}.png",
            caption="../workflow/report/sweep.rst",
            category="2. Figures",
            labels=lambda w: {"figure": short(CONFIG.sweeps[w.sweep].title)},
        ),
        pdf=f"{FIGURES}/{{sweep}}.pdf",
    log:
        f"{LOGS}/draw_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_sweep/{{sweep}}.tsv"
    wildcard_constraints:
        sweep=one_of(CONFIG.sweeps),
    resources:
        mem_mb=500,
    params:
        sweep=lambda w: CONFIG.sweeps[w.sweep].model_dump(),
        default=lambda w: str(
            PLAN.settings(CONFIG.sweeps[w.sweep].experiment)[CONFIG.sweeps[w.sweep].key]
        ),
    script:
        "../workflow/scripts/draw_sweep.py"


rule draw_predictions:
    input:
        code=code("draw_predictions.py"),
        images=IMAGES,
        classes=f"{RESULTS}/data/classes.txt",
        masks=MASKS,
        predictions=lambda w: [ancient(f) for f in first_predictions("predictions")(w)],
        manifests=first_predictions("manifest.csv"),
    output:
        png=report(
            f"{FIGURES}/{{figure}}.png",
            caption="../workflow/report/predictions.rst",
            category="2. Figures",
            labels=lambda w: {"figure": short(CONFIG.figures[w.figure].title)},
        ),
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"{LOGS}/draw_predictions/{{figure}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_predictions/{{figure}}.tsv"
    wildcard_constraints:
        figure=one_of(QUALITATIVE),
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.figures[w.figure].model_dump(),
        labels=lambda w: [CONFIG.experiments[e].label for e in CONFIG.figures[w.figure].experiments],
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.val_split,
    script:
        "../workflow/scripts/draw_predictions.py"


rule draw_evolution:
    input:
        unpack(evolution_inputs),
        code=code("draw_evolution.py"),
        images=IMAGES,
        classes=f"{RESULTS}/data/classes.txt",
        masks=MASKS,
    output:
        png=report(
            f"{FIGURES}/{{figure}}.png",
            caption="../workflow/report/evolution.rst",
            category="3. Labels, stage by stage",
            labels=lambda w: {"what": short(CONFIG.figures[w.figure].title)},
        ),
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"{LOGS}/draw_evolution/{{figure}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_evolution/{{figure}}.tsv"
    wildcard_constraints:
        figure=one_of(EVOLUTION),
    resources:
        mem_mb=1000,
    params:
        figure=lambda w: CONFIG.figures[w.figure].model_dump(),
        stages=[name for _, name, _ in QUALITY_STAGES],
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
        aligned=CONFIG.cam.align_corners,
    script:
        "../workflow/scripts/draw_evolution.py"
