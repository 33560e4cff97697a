"""Tables that set our experiments beside published methods; one target for each such table of the config."""

from wsss.methods import supervision


wildcard_constraints:
    comparison=one_of(COMPARISONS),


def our_rows(table):
    """Experiment → what the table says of it."""
    described = {}
    for experiment in CONFIG.tables[table].rows:
        settings = PLAN.settings(experiment)
        described[experiment] = {
            "label": CONFIG.experiments[experiment].label,
            "supervision": supervision(settings),
            "backbone": settings["segmentation.backbone"],
        }
    return described


for name in COMPARISONS:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
            f"{TABLES}/{name}_seeds.csv",
        localrule: True


rule compute_comparison:
    input:
        code=code("compute_comparison.py"),
        metrics=lambda w: [f for e in our_rows(w.comparison) for f in results_of(e, "metrics.json")],
        records=lambda w: made_by(our_rows(w.comparison)),
        published=lambda w: compared_with(w.comparison),
    output:
        table=f"{TABLES}/{{comparison}}.csv",
        seeds=f"{TABLES}/{{comparison}}_seeds.csv",
        note=f"{TABLES}/{{comparison}}_conditions.txt",
        conditions=f"{TABLES}/{{comparison}}_conditions.csv",
    log:
        f"{LOGS}/compute_comparison/{{comparison}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_comparison/{{comparison}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        rows=lambda w: our_rows(w.comparison),
        seeds=CONFIG.seeds,
        evaluations=lambda w: evaluations_of(our_rows(w.comparison)),
        conditions=lambda w: conditions(our_rows(w.comparison)),
        records=lambda w: records_of(our_rows(w.comparison)),
    script:
        "../workflow/scripts/compute_comparison.py"


rule write_comparison:
    input:
        code=code("write_comparison.py"),
        table=f"{TABLES}/{{comparison}}.csv",
        note=f"{TABLES}/{{comparison}}_conditions.txt",
    output:
        md=f"{TABLES}/{{comparison}}.md",
        tex=f"{TABLES}/{{comparison}}.tex",
        html=in_report(
            f"{TABLES}/{{comparison}}.html",
            "comparison",
            SCORES,
            titled("comparison", CONFIG.tables),
        ),
    log:
        f"{LOGS}/write_comparison/{{comparison}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_comparison/{{comparison}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.comparison].title,
        compared=ON_VOC2012,
        about=lambda w: said_of(w.comparison),
    script:
        "../workflow/scripts/write_comparison.py"
