"""Boundaries of labels, beside published methods; one target for each such table of the config."""

BOUNDARIES = [name for name, table in CONFIG.tables.items() if table.measure == "boundaries"]


wildcard_constraints:
    boundaries=one_of(BOUNDARIES),


for name in BOUNDARIES:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True


rule measure_boundaries:
    input:
        unpack(quality_inputs),
        code=code("measure_boundaries.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
    output:
        boundaries=f"{RESULTS}/boundaries/{{experiment}}/seed-{{seed}}/boundaries.csv",
    log:
        f"{LOGS}/measure_boundaries/{{experiment}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_boundaries/{{experiment}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        split=CONFIG.dataset.train_split,
        stages=lambda w: [m.name for m in measured_stages(w.experiment)],
        aligned=lambda w: aligned([w.experiment]),
        tolerance=CONFIG.boundaries.tolerance,
    script:
        "../workflow/scripts/measure_boundaries.py"


def validated_labels(wildcards):
    """The labels of validation pictures, made as those that train the first round, and their manifest."""
    settings = PLAN.settings(wildcards.experiment)
    variant, name = PLAN.variant("labels", settings), first_labels(wildcards.experiment)
    return {
        name: ancient(artifact(variant, wildcards.seed, "val/labels")),
        f"{name}_manifest": artifact(variant, wildcards.seed, "val/manifest.csv"),
    }


use rule measure_boundaries as measure_boundaries_of_validation with:
    input:
        unpack(validated_labels),
        code=code("measure_boundaries.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.val_split),
    output:
        boundaries=f"{RESULTS}/boundaries/{{experiment}}/seed-{{seed}}/val/boundaries.csv",
    log:
        f"{LOGS}/measure_boundaries_of_validation/{{experiment}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_boundaries_of_validation/{{experiment}}_seed-{{seed}}.tsv"
    params:
        split=CONFIG.dataset.val_split,
        stages=lambda w: [first_labels(w.experiment)],
        aligned=lambda w: aligned([w.experiment]),
        tolerance=CONFIG.boundaries.tolerance,


def boundaries_of(table):
    """The measurements of all seeds of a table's experiments, on the pictures of its split."""
    folder = "val/" if CONFIG.tables[table].split == "val" else ""
    return measurements("boundaries", f"{folder}boundaries.csv", rows_of(table))


rule compute_boundaries:
    input:
        code=code("compute_boundaries.py"),
        measured=lambda w: boundaries_of(w.boundaries),
        published=lambda w: compared_with(w.boundaries),
    output:
        table=f"{TABLES}/{{boundaries}}.csv",
    log:
        f"{LOGS}/compute_boundaries/{{boundaries}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_boundaries/{{boundaries}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=lambda w: {e: called(e) for e in rows_of(w.boundaries)},
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_boundaries.py"


rule write_boundaries:
    input:
        code=code("write_boundaries.py"),
        table=f"{TABLES}/{{boundaries}}.csv",
    output:
        md=f"{TABLES}/{{boundaries}}.md",
        tex=f"{TABLES}/{{boundaries}}.tex",
        html=in_report(
            f"{TABLES}/{{boundaries}}.html",
            "boundaries",
            LABELS,
            titled("boundaries", CONFIG.tables),
        ),
    log:
        f"{LOGS}/write_boundaries/{{boundaries}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_boundaries/{{boundaries}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.boundaries].title,
        tolerance=CONFIG.boundaries.tolerance,
        split=lambda w: CONFIG.tables[w.boundaries].split,
        about=lambda w: said_of(w.boundaries),
    script:
        "../workflow/scripts/write_boundaries.py"
