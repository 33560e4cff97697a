"""Tables that set our experiments beside published methods; one target for each such table of the config."""


wildcard_constraints:
    comparison=one_of(COMPARISONS),


def published(table):
    """The file of the published methods that a table compares with."""
    name, known = CONFIG.tables[table].compare_with, [Path(f).stem for f in paper("_table*")]
    if name not in known:
        raise WorkflowError(
            f"tables.{table}.compare_with is '{name}', but there is no config/paper/{name}.csv: name one of "
            f"{', '.join(known)}, or write that file."
        )
    return paper(name)


def compared_with(table):
    """For ``input:``: the file of the published methods, on the papers' data set and where the table names one."""
    return published(table) if ON_VOC2012 and CONFIG.tables[table].compare_with else []


def supervision_of(settings):
    """What trains an experiment, in the words of such tables: I, image-level labels; S, saliency maps as well."""
    if settings["segmentation.supervision"] == "full":
        return "masks"
    return METHODS[settings["method"]].supervision(settings)


def our_rows(table):
    """Experiment → what the table says of it."""
    described = {}
    for experiment in CONFIG.tables[table].rows:
        settings = PLAN.settings(experiment)
        described[experiment] = {
            "label": CONFIG.experiments[experiment].label,
            "supervision": supervision_of(settings),
            "backbone": settings["segmentation.backbone"],
        }
    return described


for name in COMPARISONS:
    published(name)  # a wrong name stops the run at once

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True


rule compute_comparison:
    input:
        code=code("compute_comparison.py"),
        metrics=lambda w: [f for e in our_rows(w.comparison) for f in results_of(e, "metrics.json")],
        records=lambda w: flat(records_of(our_rows(w.comparison))),
        published=lambda w: compared_with(w.comparison),
    output:
        table=f"{TABLES}/{{comparison}}.csv",
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
    script:
        "../workflow/scripts/write_comparison.py"
