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
                part=["claims", "classes"],
                kind=["csv", "md"],
            ),
            f"{TABLES}/{name}_seeds.csv",
        localrule: True


rule compute_table:
    input:
        code=code("compute_table.py"),
        metrics=lambda w: metrics_of(w.table),
        records=lambda w: made_by(rows_of(w.table)),
        counts=lambda w: counts_of(w.table),
        numbers=paper("_ledger"),
        claims=paper("_claims"),
        published=lambda w: compared_with(w.table),
    output:
        table=f"{TABLES}/{{table}}.csv",
        claims=f"{TABLES}/{{table}}_claims.csv",
        classes=f"{TABLES}/{{table}}_classes.csv",
        seeds=f"{TABLES}/{{table}}_seeds.csv",
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
        methods=lambda w: trainers_of(w.table),
        compare=lambda w: CONFIG.tables[w.table].compare,
        margin=CONFIG.statistics.margin,
        seeds=CONFIG.seeds,
        reference=FULL_SUPERVISION,
        evaluations=lambda w: evaluations_of(rows_of(w.table)),
        conditions=lambda w: conditions(rows_of(w.table)),
        records=lambda w: records_of(rows_of(w.table)),
    script:
        "../workflow/scripts/compute_table.py"


rule write_table:
    input:
        code=code("write_table.py"),
        table=f"{TABLES}/{{table}}.csv",
        claims=f"{TABLES}/{{table}}_claims.csv",
        classes=f"{TABLES}/{{table}}_classes.csv",
        note=f"{TABLES}/{{table}}_conditions.txt",
    output:
        md=f"{TABLES}/{{table}}.md",
        tex=f"{TABLES}/{{table}}.tex",
        claims=f"{TABLES}/{{table}}_claims.md",
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
        about=lambda w: said_of(w.table),
    script:
        "../workflow/scripts/write_table.py"
