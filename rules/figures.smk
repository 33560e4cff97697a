"""Figures of pictures: predictions of several experiments, labels as they evolve; one target for each of the config."""

from types import SimpleNamespace

FIGURES = f"{RESULTS}/figures"


wildcard_constraints:
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
    """The folders of all label stages of one chain, first seed, of its final predictions, and their manifests."""
    final = {
        "final": ancient(f"{FIGURES}/{wildcards.evolution}/labels"),
        "final_manifest": f"{FIGURES}/{wildcards.evolution}/manifest.csv",
    }
    return final | quality_inputs(SimpleNamespace(experiment=evolving(), seed=CONFIG.seeds[0]))


def drawing(kind, category, entries):
    """The picture that the wildcard ``kind`` names, marked for the report; its caption is called as the wildcard."""
    return in_report(f"{FIGURES}/{{{kind}}}.png", kind, category, titled(kind, entries))


def compared_in(wildcards):
    """The experiments whose predictions a figure compares."""
    return CONFIG.figures[wildcards.predictions].experiments


def first_evaluations(file):
    """For ``input:``: a file of the evaluation, first seed, of each experiment that the figure compares."""
    return lambda wildcards: [results_of(e, file)[0] for e in compared_in(wildcards)]


def variants_in(figure, stage):
    """The variant of a stage of each experiment that a figure of features shows."""
    return [
        PLAN.variant(stage, PLAN.settings(e)) for e in CONFIG.feature_figures[figure].experiments
    ]


def first_of(stage, file, figure):
    """A file of a stage, first seed, of each experiment that a figure of features shows."""
    return [artifact(v, CONFIG.seeds[0], file) for v in variants_in(figure, stage)]


def settings_in(stage, figure):
    """The settings that matter up to a stage, of each experiment that a figure of features shows."""
    return [v.relevant for v in variants_in(figure, stage)]


def labels_of(experiments):
    """How tables and figures call experiments."""
    return [CONFIG.experiments[e].label for e in experiments]


for name in CONFIG.figures:

    rule:
        name:
            name
        input:
            expand(f"{FIGURES}/{name}.{{kind}}", kind=["png", "pdf"]),
        localrule: True


rule draw_predictions:
    input:
        code=code("draw_predictions.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.val_split),
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


# Training pictures are no evaluation's: those that the figure shows, and no others, are predicted by the final network.
rule predict_shown:
    input:
        code=code("predict_shown.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=lambda w: results_of(evolving(), "model.safetensors", "model")[0],
    output:
        labels=directory(f"{FIGURES}/{{evolution}}/labels"),
        manifest=f"{FIGURES}/{{evolution}}/manifest.csv",
    log:
        f"{LOGS}/predict_shown/{{evolution}}.txt",
    benchmark:
        f"{BENCHMARKS}/predict_shown/{{evolution}}.tsv"
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 3000, 6000)),
        runtime="1h",
    params:
        settings=lambda w: as_tested(PLAN.variant("evaluation", PLAN.settings(evolving())).relevant),
        figure=lambda w: CONFIG.figures[w.evolution].model_dump(),
        seed=CONFIG.seeds[0],
        split=CONFIG.dataset.train_split,
    script:
        "../workflow/scripts/predict_shown.py"


rule draw_evolution:
    input:
        unpack(evolution_inputs),
        code=code("draw_evolution.py"),
        images=IMAGES,
        classes=CLASSES,
        saliency=SALIENCY,
        masks=masks_of(CONFIG.dataset.train_split),
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
        aligned=lambda w: aligned([evolving()]),
    script:
        "../workflow/scripts/draw_evolution.py"
