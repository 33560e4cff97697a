"""Methods side by side on one segmentation network; one target for each such table of the config."""

COMPARING = [name for name, table in CONFIG.tables.items() if table.measure == "methods"]


wildcard_constraints:
    methods=one_of(COMPARING),


def described(experiment):
    """What a table of methods says of an experiment, and the name under which its labels are measured."""
    settings = PLAN.settings(experiment)
    said = {"method": "true masks", "label": CONFIG.experiments[experiment].label, "stage": None}
    if settings["segmentation.supervision"] != "image_labels":
        return said
    title = METHODS[settings["method"]].title
    return said | {"method": title, "stage": first_labels(experiment)}


def measured_of(experiment):
    """For each seed: the files of label quality and of boundaries; none if it has no labels."""
    weak = described(experiment)["stage"] is not None
    found = ("stage_quality", "quality.csv"), ("boundaries", "boundaries.csv")
    return list(zip(*(measurements(*f, [experiment]) for f in found))) if weak else []


for name in COMPARING:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
            expand(f"{TABLES}/{name}_claims.{{kind}}", kind=["csv", "md"]),
            f"{TABLES}/{name}_seeds.csv",
        localrule: True


rule compute_methods:
    input:
        code=code("compute_methods.py"),
        metrics=lambda w: metrics_of(w.methods),
        counts=lambda w: counts_of(w.methods),
        claims=paper("_claims"),
        measured=lambda w: [f for e in rows_of(w.methods) for s in measured_of(e) for f in s],
        records=lambda w: [f for e in rows_of(w.methods) for s in chain_of(e) for f in s],
    output:
        table=f"{TABLES}/{{methods}}.csv",
        claims=f"{TABLES}/{{methods}}_claims.csv",
        seeds=f"{TABLES}/{{methods}}_seeds.csv",
        note=f"{TABLES}/{{methods}}_conditions.txt",
        conditions=f"{TABLES}/{{methods}}_conditions.csv",
    log:
        f"{LOGS}/compute_methods/{{methods}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_methods/{{methods}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        rows=lambda w: {e: described(e) for e in rows_of(w.methods)},
        measured=lambda w: {e: measured_of(e) for e in rows_of(w.methods)},
        chains=lambda w: {e: chain_of(e) for e in rows_of(w.methods)},
        trainers=lambda w: trainers_of(w.methods),
        compare=lambda w: CONFIG.tables[w.methods].compare,
        margin=CONFIG.statistics.margin,
        seeds=CONFIG.seeds,
        reference=FULL_SUPERVISION,
        evaluations=lambda w: evaluations_of(rows_of(w.methods)),
        conditions=lambda w: conditions(rows_of(w.methods)),
        records=lambda w: records_of(rows_of(w.methods)),
    script:
        "../workflow/scripts/compute_methods.py"


rule write_methods:
    input:
        code=code("write_methods.py"),
        table=f"{TABLES}/{{methods}}.csv",
        claims=f"{TABLES}/{{methods}}_claims.csv",
        note=f"{TABLES}/{{methods}}_conditions.txt",
    output:
        md=f"{TABLES}/{{methods}}.md",
        tex=f"{TABLES}/{{methods}}.tex",
        claims=f"{TABLES}/{{methods}}_claims.md",
        html=in_report(
            f"{TABLES}/{{methods}}.html", "methods", SCORES, titled("methods", CONFIG.tables)
        ),
    log:
        f"{LOGS}/write_methods/{{methods}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_methods/{{methods}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.methods].title,
    script:
        "../workflow/scripts/write_methods.py"
