"""Tables of the scores of each class, and of groups of classes; one target for each."""


wildcard_constraints:
    class_table=one_of(PER_CLASS),


for name in PER_CLASS:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
            f"{TABLES}/{name}_seeds.csv",
        localrule: True


rule compute_class_table:
    input:
        code=code("compute_class_table.py"),
        metrics=lambda w: [f for e in rows_of(w.class_table) for f in results_of(e, "metrics.json")],
        records=lambda w: made_by(rows_of(w.class_table)),
        groups=present("supercategories.csv") if CONFIG.dataset.path or MADE_OF == "coco" else [],
        published=lambda w: compared_with(w.class_table),
    output:
        table=f"{TABLES}/{{class_table}}.csv",
        seeds=f"{TABLES}/{{class_table}}_seeds.csv",
        note=f"{TABLES}/{{class_table}}_conditions.txt",
        conditions=f"{TABLES}/{{class_table}}_conditions.csv",
    log:
        f"{LOGS}/compute_class_table/{{class_table}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_class_table/{{class_table}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        rows=lambda w: rows_of(w.class_table),
        seeds=CONFIG.seeds,
        evaluations=lambda w: evaluations_of(rows_of(w.class_table)),
        conditions=lambda w: conditions(rows_of(w.class_table)),
        records=lambda w: records_of(rows_of(w.class_table)),
    script:
        "../workflow/scripts/compute_class_table.py"


rule write_class_table:
    input:
        code=code("write_class_table.py"),
        table=f"{TABLES}/{{class_table}}.csv",
        note=f"{TABLES}/{{class_table}}_conditions.txt",
    output:
        md=f"{TABLES}/{{class_table}}.md",
        tex=f"{TABLES}/{{class_table}}.tex",
        html=in_report(
            f"{TABLES}/{{class_table}}.html",
            "class_table",
            SCORES,
            titled("class_table", CONFIG.tables),
        ),
    log:
        f"{LOGS}/write_class_table/{{class_table}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_class_table/{{class_table}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.class_table].title,
        about=lambda w: said_of(w.class_table),
    script:
        "../workflow/scripts/write_class_table.py"
