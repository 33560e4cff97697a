"""The quality of the labels of experiments; one target for each such table of the config."""

LABEL_SCORES = [name for name, table in CONFIG.tables.items() if table.measure == "labels"]


wildcard_constraints:
    label_scores=one_of(LABEL_SCORES),


for name in LABEL_SCORES:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True


rule compute_label_scores:
    input:
        code=code("compute_label_scores.py"),
        qualities=lambda w: measurements("stage_quality", "quality.csv", rows_of(w.label_scores)),
    output:
        table=f"{TABLES}/{{label_scores}}.csv",
    log:
        f"{LOGS}/compute_label_scores/{{label_scores}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_label_scores/{{label_scores}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=lambda w: rows_of(w.label_scores),
        stages=lambda w: [first_labels(e) for e in rows_of(w.label_scores)],
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_label_scores.py"


rule write_label_scores:
    input:
        code=code("write_label_scores.py"),
        table=f"{TABLES}/{{label_scores}}.csv",
    output:
        md=f"{TABLES}/{{label_scores}}.md",
        tex=f"{TABLES}/{{label_scores}}.tex",
        html=in_report(
            f"{TABLES}/{{label_scores}}.html",
            "label_scores",
            LABELS,
            titled("label_scores", CONFIG.tables),
        ),
    log:
        f"{LOGS}/write_label_scores/{{label_scores}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_label_scores/{{label_scores}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.label_scores].title,
    script:
        "../workflow/scripts/write_label_scores.py"
