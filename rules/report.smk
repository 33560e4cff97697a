"""What a run says about itself: run times, provenance, and the HTML report."""

from functools import partial

# NSROM's tables and figures, by the paper's names for them.
PAPER = [
    name
    for name in (*CONFIG.tables, *CONFIG.sweeps, *CONFIG.figures)
    if re.search(r"^nsrom_(table|figure)\d+$", name)
]

# Tables of quality that the report shows if asked for; the rule file of a method may add its own.
OWN_PAGES = [name for name in QUALITY if name != "stage_quality"]
# All that one of the other methods shows: the target that is called as the method.
SHOWN_OF = {
    method: [
        name
        for name in (
            *QUALITY,
            *CONFIG.tables,
            *CONFIG.figures,
            *CONFIG.feature_figures,
            *CONFIG.confusion_figures,
        )
        if name.startswith(f"{method}_")
    ]
    for method in METHODS
    if method != "nsrom" and weakly_supervised(method)
}
# What every report shows of pictures: all but those that belong to such a target.
PICTURES = [n for n in CONFIG.figures if not any(n in names for names in SHOWN_OF.values())]


def requested(known, always=()):
    """Those of the ``known`` targets that are named on the command line, or belong there ``always``."""
    # Jobs are processes of their own, whose command line names something else: they inherit the variable.
    targets = " ".join(sorted(str(t) for t in workflow.dag_settings.targets))
    named = os.environ.setdefault("WSSS_TARGETS", targets).split()
    named += [*PAPER, "ledger"] if "paper" in named else []
    named += [n for method in SHOWN_OF if method in named for n in SHOWN_OF[method]]
    named += [
        part for figure in CONFIG.feature_figures if figure in named for part in with_parts(figure)
    ]
    return [name for name in known if name in (*named, *always)]


def computed(wildcards):
    """The numbers that the run is asked for: records of its jobs are collected after them."""
    tables = requested(CONFIG.tables, [MAIN_TABLE])
    return [f"{TABLES}/{t}.csv" for t in tables] + [
        f"{FIGURES}/{s}.csv" for s in requested(CONFIG.sweeps)
    ]


def shown(wildcards):
    """What the report shows: the first table, all pictures, the records, and the tables and curves asked for."""
    pages = [
        *requested([*CONFIG.tables, "ledger"], [MAIN_TABLE]),
        "stage_quality",
        *requested(OWN_PAGES),
        "runtime",
        "provenance",
    ]
    drawings = [*requested(CONFIG.sweeps), *requested(CONFIG.figures, PICTURES)]
    drawings += requested([*CONFIG.feature_figures, *CONFIG.confusion_figures])
    return [f"{TABLES}/{p}.html" for p in pages] + [f"{FIGURES}/{d}.png" for d in drawings]


rule runtime:
    input:
        expand(f"{TABLES}/runtime.{{kind}}", kind=["csv", "md", "html"]),
    localrule: True


rule measure_runtime:
    input:
        computed,
        code=code("measure_runtime.py"),
    output:
        table=f"{TABLES}/runtime.csv",
        md=f"{TABLES}/runtime.md",
        html=in_report(f"{TABLES}/runtime.html", "runtime", RECORDS, "Time and memory"),
    log:
        f"{LOGS}/measure_runtime/log.txt",
    benchmark:
        f"{BENCHMARKS}/measure_runtime/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        benchmarks=BENCHMARKS,
        names=sorted({name for _, name in PLAN.known} | set(CONFIG.experiments)),
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/measure_runtime.py"


def numbered():
    """Of the tables and curves asked for: target → title and numbers, each (row, seed, metrics.json)."""
    files = {}
    for name in requested(SCORED, [MAIN_TABLE]):
        rows = {label: results_of(e, "metrics.json") for e, label in rows_of(name).items()}
        files[name] = (CONFIG.tables[name].title, rows)
    for name in requested(CONFIG.sweeps):
        sweep, of = CONFIG.sweeps[name], partial(results_of, CONFIG.sweeps[name].experiment)
        rows = {f"{sweep.key} = {v}": of("metrics.json", **{sweep.key: v}) for v in sweep.values}
        files[name] = (sweep.title, rows)
    return {
        name: (title, [(r, s, f) for r, found in rows.items() for s, f in zip(CONFIG.seeds, found)])
        for name, (title, rows) in files.items()
    }


rule provenance:
    input:
        f"{TABLES}/provenance.html",
    localrule: True


rule collect_provenance:
    input:
        computed,
        code=code("collect_provenance.py"),
        metrics=lambda w: [file for _, numbers in numbered().values() for _, _, file in numbers],
    output:
        html=in_report(f"{TABLES}/provenance.html", "provenance", RECORDS, "Provenance"),
    log:
        f"{LOGS}/collect_provenance/log.txt",
    benchmark:
        f"{BENCHMARKS}/collect_provenance/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        baseline=PLAN.baseline,
        data=DATA,
        numbers=lambda w: numbered(),
    script:
        "../workflow/scripts/collect_provenance.py"


rule report:
    input:
        code=code("report.py"),
        shown=shown,
        captions=[os.path.relpath(f) for f in sorted((ROOT / "workflow" / "report").glob("*.rst"))],
    output:
        html=f"{RESULTS}/report.html",
    log:
        f"{LOGS}/report/log.txt",
    benchmark:
        f"{BENCHMARKS}/report/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        config=GIVEN_CONFIG,
        snakefile=os.path.relpath(workflow.main_snakefile),
    script:
        "../workflow/scripts/report.py"
