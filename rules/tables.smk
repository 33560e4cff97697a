"""Tables of experiments: computed as CSV, then written for readers; one target for each."""


wildcard_constraints:
    table=one_of(OF_EXPERIMENTS),


for name in OF_EXPERIMENTS:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
            expand(
                f"{TABLES}/{name}_{{part}}.{{kind}}",
                part=["directions", "classes"],
                kind=["csv", "md"],
            ),
        localrule: True


rule compute_table:
    input:
        code=code("compute_table.py"),
        metrics=lambda w: metrics_of(w.table),
        records=lambda w: flat(records_of(rows_of(w.table))),
        numbers=paper("_ledger"),
        directions=paper("_directions"),
    output:
        table=f"{TABLES}/{{table}}.csv",
        directions=f"{TABLES}/{{table}}_directions.csv",
        classes=f"{TABLES}/{{table}}_classes.csv",
        note=f"{TABLES}/{{table}}_conditions.txt",
        conditions=f"{TABLES}/{{table}}_conditions.csv",
    log:
        f"{LOGS}/compute_table/{{table}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_table/{{table}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        compared=lambda w: compared(w.table),
        rows=lambda w: rows_of(w.table),
        seeds=CONFIG.seeds,
        bound=FULL_SUPERVISION,
        evaluations=lambda w: evaluations_of(rows_of(w.table)),
        conditions=lambda w: conditions(rows_of(w.table)),
        records=lambda w: records_of(rows_of(w.table)),
    script:
        "../workflow/scripts/compute_table.py"


rule write_table:
    input:
        code=code("write_table.py"),
        table=f"{TABLES}/{{table}}.csv",
        directions=f"{TABLES}/{{table}}_directions.csv",
        classes=f"{TABLES}/{{table}}_classes.csv",
        note=f"{TABLES}/{{table}}_conditions.txt",
    output:
        md=f"{TABLES}/{{table}}.md",
        tex=f"{TABLES}/{{table}}.tex",
        directions=f"{TABLES}/{{table}}_directions.md",
        classes=f"{TABLES}/{{table}}_classes.md",
        html=in_report(f"{TABLES}/{{table}}.html", "table", SCORES, titled("table", CONFIG.tables)),
    log:
        f"{LOGS}/write_table/{{table}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_table/{{table}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.table].title,
    script:
        "../workflow/scripts/write_table.py"
