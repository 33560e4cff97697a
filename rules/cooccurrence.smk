"""Pairs that are seen together: confusion ratio and IoU; one target for each such figure of the config."""


wildcard_constraints:
    confusion=one_of(CONFIG.confusion_figures),


def labels_looked_at(wildcards):
    """The folder that a figure looks at, pseudo labels or final predictions, and its manifest."""
    final = CONFIG.confusion_figures[wildcards.confusion].labels == "final"
    role, folder = ("evaluation", "predictions") if final else ("labels", "labels")
    variant = PLAN.variant(role, PLAN.settings(wildcards.experiment))
    return {
        "labels": ancient(artifact(variant, wildcards.seed, folder)),
        "manifest": artifact(variant, wildcards.seed, "manifest.csv"),
    }


def split_looked_at(wildcards):
    """The split whose pictures those labels are of."""
    final = CONFIG.confusion_figures[wildcards.confusion].labels == "final"
    return CONFIG.dataset.val_split if final else CONFIG.dataset.train_split


def context_folder(wildcards):
    """For ``input:``: the folder with the masks of contexts that are no classes; a missing one stops the run at once."""
    folder = CONFIG.confusion_figures[wildcards.confusion].contexts
    return ancient(folder) if folder else []


def contexts_of(figure):
    """A digest of the masks of contexts that are no classes, for ``params:``."""
    folder = CONFIG.confusion_figures[figure].contexts
    inner = (
        sorted(os.scandir(folder), key=lambda e: e.name) if folder and os.path.isdir(folder) else []
    )
    return names_and_sizes(entry.path for entry in inner)


for name in CONFIG.confusion_figures:

    rule:
        name:
            name
        input:
            expand(f"{FIGURES}/{name}.{{kind}}", kind=["csv", "png", "pdf"]),
        localrule: True


rule measure_confusion:
    input:
        unpack(labels_looked_at),
        code=code("measure_confusion.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=lambda w: masks_of(split_looked_at(w)),
        contexts=context_folder,
    output:
        confusion=f"{RESULTS}/cooccurrence/{{confusion}}/{{experiment}}/seed-{{seed}}/confusion.csv",
    log:
        f"{LOGS}/measure_confusion/{{confusion}}_{{experiment}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_confusion/{{confusion}}_{{experiment}}_seed-{{seed}}.tsv"
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        split=split_looked_at,
        pairs=lambda w: CONFIG.confusion_figures[w.confusion].pairs,
        contexts=lambda w: CONFIG.confusion_figures[w.confusion].contexts,
        listing=lambda w: contexts_of(w.confusion),
    script:
        "../workflow/scripts/measure_confusion.py"


rule compute_confusion:
    input:
        code=code("compute_confusion.py"),
        measured=lambda w: measurements(
            f"cooccurrence/{w.confusion}",
            "confusion.csv",
            CONFIG.confusion_figures[w.confusion].experiments,
        ),
    output:
        table=f"{FIGURES}/{{confusion}}.csv",
    log:
        f"{LOGS}/compute_confusion/{{confusion}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_confusion/{{confusion}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=lambda w: {e: called(e) for e in CONFIG.confusion_figures[w.confusion].experiments},
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_confusion.py"


rule draw_confusion:
    input:
        code=code("draw_confusion.py"),
        table=f"{FIGURES}/{{confusion}}.csv",
    output:
        png=drawing("confusion", DRAWINGS, CONFIG.confusion_figures),
        pdf=f"{FIGURES}/{{confusion}}.pdf",
    log:
        f"{LOGS}/draw_confusion/{{confusion}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_confusion/{{confusion}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        figure=lambda w: CONFIG.confusion_figures[w.confusion].model_dump(),
    script:
        "../workflow/scripts/draw_confusion.py"
