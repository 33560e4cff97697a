"""The ledger of all numbers that the papers state, and the target of everything in them."""

from csv import DictReader


def evaluations(wildcards):
    """Experiment → its evaluations that exist, or that this run makes for one of the tables it was asked for."""
    asked = {e for t in requested(CONFIG.tables) for e in CONFIG.tables[t].rows}
    stated = {row["experiment"] for f in paper("_ledger") for row in DictReader(open(f))}
    files = {e: results_of(e, "metrics.json") for e in CONFIG.experiments if e in stated}
    return {e: [f for f in files[e] if e in asked or os.path.exists(f)] for e in files}


rule ledger:
    input:
        expand(f"{TABLES}/ledger.{{kind}}", kind=["csv", "md", "tex", "html"]),
    localrule: True


rule compute_ledger:
    input:
        code=code("compute_ledger.py"),
        numbers=paper("_ledger"),
        metrics=lambda w: [f for files in evaluations(w).values() for f in files],
    output:
        table=f"{TABLES}/ledger.csv",
        note=f"{TABLES}/ledger_conditions.txt",
    log:
        f"{LOGS}/compute_ledger/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_ledger/job.tsv"
    threads: 1
    resources:
        mem_mb=500,
    params:
        evaluations=evaluations,
        labels={name: e.label for name, e in CONFIG.experiments.items()},
        compared=ON_VOC2012,
    script:
        "../workflow/scripts/compute_ledger.py"


rule write_ledger:
    input:
        code=code("write_ledger.py"),
        table=f"{TABLES}/ledger.csv",
        note=f"{TABLES}/ledger_conditions.txt",
    output:
        md=f"{TABLES}/ledger.md",
        tex=f"{TABLES}/ledger.tex",
        html=in_report(f"{TABLES}/ledger.html", "ledger", SCORES, "The ledger"),
    log:
        f"{LOGS}/write_ledger/log.txt",
    benchmark:
        f"{BENCHMARKS}/write_ledger/job.tsv"
    threads: 1
    resources:
        mem_mb=500,
    params:
        compared=ON_VOC2012,
    script:
        "../workflow/scripts/write_ledger.py"


rule paper:
    input:
        [getattr(rules, name).input for name in PAPER],
        rules.stage_quality.input,
        rules.runtime.input,
        rules.ledger.input,
        f"{RESULTS}/report.html",
    localrule: True
