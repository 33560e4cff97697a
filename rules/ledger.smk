"""The ledger of all numbers that the papers state, and the target of everything in them."""

import json
from csv import DictReader

# What the papers' ledgers list, a line each.
LISTED = [line for f in paper("_ledger") for line in DictReader(Path(f).read_text().splitlines())]
STATED = any(line["data"] == DATASET for line in LISTED)  # whether any of it is of this data set


def coming():
    """The evaluations that this run makes, or has, for the tables and figures that it was asked for."""
    main = [MAIN_TABLE] if requested(["report", "runtime"]) else []
    tables = requested(SCORED, main)
    figures = requested(CONFIG.figures, PICTURES if requested(["report"]) else [])
    pictured = {e for f in figures for e in CONFIG.figures[f].experiments}
    files = {results_of(e, "metrics.json")[0] for e in pictured}
    files |= {f for t in tables for f in metrics_of(t)}
    return files | {f for s in requested(CONFIG.sweeps) for f in sweep_metrics(CONFIG.sweeps[s])}


def of_these_settings(file, experiment):
    """Whether an evaluation was made with the settings that the experiment has now: names hold differences only."""
    record = Path(file).with_name("provenance.json")
    settings = PLAN.variant("evaluation", PLAN.settings(experiment)).relevant
    return record.exists() and json.loads(record.read_text())["parameters"] == settings


def evaluations(wildcards):
    """Experiment → its evaluations that are coming, or that exist."""
    made = coming()
    stated = {line["experiment"] for line in LISTED}
    files = {e: results_of(e, "metrics.json") for e in CONFIG.experiments if e in stated}
    usable = lambda f, e: f in made or of_these_settings(f, e)
    return {e: [f for f in dict.fromkeys(files[e]) if usable(f, e)] for e in files}


def evaluation_files(wildcards):
    """For ``input:``: what merely exists is taken as it is, and makes nothing be trained."""
    made = coming()
    files = [f for found in evaluations(wildcards).values() for f in found]
    return [f if f in made else before_update(f) for f in files]


rule ledger:
    input:
        expand(f"{TABLES}/ledger.{{kind}}", kind=["csv", "md", "tex", "html"]),
    localrule: True


rule compute_ledger:
    input:
        code=code("compute_ledger.py"),
        numbers=paper("_ledger"),
        metrics=evaluation_files,
    output:
        table=f"{TABLES}/ledger.csv",
        note=f"{TABLES}/ledger_conditions.txt",
        conditions=f"{TABLES}/ledger_conditions.csv",
    log:
        f"{LOGS}/compute_ledger/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_ledger/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        evaluations=evaluations,
        conditions=conditions(CONFIG.experiments),
        records={e: flat(records_of([e])) for e in CONFIG.experiments},
        labels={name: e.label for name, e in CONFIG.experiments.items()},
        compared=STATED,
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
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        compared=STATED,
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
