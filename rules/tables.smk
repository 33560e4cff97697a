"""Tables: computed as CSV, then written for readers; one target for each table of the config."""

import re

TABLES = f"{RESULTS}/tables"
MAIN_TABLE = next(iter(CONFIG.tables), None)


def one_of(names):
    """A wildcard constraint: one of these names; with no names, nothing matches."""
    return "|".join(re.escape(n) for n in names) or "(?!)"


def paper(suffix, files=sorted(os.listdir(ROOT / "config" / "paper"))):
    """The papers' tables whose name ends so: the directions of claims, or else the published numbers."""
    chosen = [
        f
        for f in files
        if f.endswith(".csv") and f.endswith("_directions.csv") == (suffix == "directions")
    ]
    folder = ROOT / "config" / "paper"
    return [
        os.path.relpath(folder / f) if ROOT.is_relative_to(Path.cwd()) else str(folder / f)
        for f in chosen
    ]


def compared(table):
    """Experiment → label of a table's rows and, last, of the bound that retention is measured against."""
    rows = dict.fromkeys(CONFIG.tables[table].rows)
    bound = [CONFIG.bound] if CONFIG.bound in CONFIG.experiments else []
    return {e: CONFIG.experiments[e].label for e in dict.fromkeys([*rows, *bound])}


def rows_of(table):
    """Experiment → label of a table's rows."""
    return {e: CONFIG.experiments[e].label for e in CONFIG.tables[table].rows}


def short(title):
    """What a title calls its table or figure: the words before the colon."""
    return title.split(":")[0].split(" (")[0]


def quality_experiments():
    """Experiment → label of the chains whose labels are compared stage by stage."""
    chosen = [e for e in ("baseline", "nsrom") if e in CONFIG.experiments]
    supervision = lambda e: PLAN.settings(e)["segmentation.supervision"]
    chosen = chosen or [e for e in CONFIG.experiments if supervision(e) == "image_labels"]
    return {e: CONFIG.experiments[e].label for e in chosen}


for name in CONFIG.tables:

    rule:
        name:
            name
        input:
            expand(f"{TABLES}/{name}.{{kind}}", kind=["csv", "md", "tex", "html"]),
            expand(f"{TABLES}/{name}_directions.{{kind}}", kind=["csv", "md"]),
            f"{TABLES}/{name}_classes.csv",
        localrule: True


rule compute_table:
    input:
        code=code("compute_table.py"),
        metrics=lambda w: [f for e in compared(w.table) for f in results_of(e, "metrics.json")],
        published=paper("published"),
        directions=paper("directions"),
    output:
        table=f"{TABLES}/{{table}}.csv",
        directions=f"{TABLES}/{{table}}_directions.csv",
        classes=f"{TABLES}/{{table}}_classes.csv",
        note=f"{TABLES}/{{table}}_conditions.txt",
    log:
        f"{LOGS}/compute_table/{{table}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_table/{{table}}.tsv"
    wildcard_constraints:
        table=one_of(CONFIG.tables),
    resources:
        mem_mb=500,
    params:
        compared=lambda w: compared(w.table),
        rows=lambda w: rows_of(w.table),
        seeds=CONFIG.seeds,
        bound=CONFIG.bound if CONFIG.bound in CONFIG.experiments else None,
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
        html=report(
            f"{TABLES}/{{table}}.html",
            caption="../workflow/report/table.rst",
            category="1. Tables",
            labels=lambda w: {"table": short(CONFIG.tables[w.table].title)},
        ),
    log:
        f"{LOGS}/write_table/{{table}}.txt",
    benchmark:
        f"{BENCHMARKS}/write_table/{{table}}.tsv"
    wildcard_constraints:
        table=one_of(CONFIG.tables),
    resources:
        mem_mb=500,
    params:
        title=lambda w: CONFIG.tables[w.table].title,
    script:
        "../workflow/scripts/write_table.py"


rule stage_quality:
    input:
        expand(f"{TABLES}/stage_quality.{{kind}}", kind=["csv", "md", "tex", "html"]),
    localrule: True


rule compute_stage_quality:
    input:
        code=code("compute_stage_quality.py"),
        quality=expand(
            f"{RESULTS}/stage_quality/{{experiment}}/seed-{{seed}}/quality.csv",
            experiment=quality_experiments(),
            seed=CONFIG.seeds,
        ),
    output:
        table=f"{TABLES}/stage_quality.csv",
    log:
        f"{LOGS}/compute_stage_quality/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_stage_quality/job.tsv"
    resources:
        mem_mb=500,
    params:
        labels=quality_experiments(),
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_stage_quality.py"


rule write_stage_quality:
    input:
        code=code("write_stage_quality.py"),
        table=f"{TABLES}/stage_quality.csv",
    output:
        md=f"{TABLES}/stage_quality.md",
        tex=f"{TABLES}/stage_quality.tex",
        html=report(
            f"{TABLES}/stage_quality.html",
            caption="../workflow/report/stage_quality.rst",
            category="3. Labels, stage by stage",
            labels={"what": "Quality of the labels"},
        ),
    log:
        f"{LOGS}/write_stage_quality/log.txt",
    benchmark:
        f"{BENCHMARKS}/write_stage_quality/job.tsv"
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/write_stage_quality.py"


include: "figures.smk"
include: "report.smk"
