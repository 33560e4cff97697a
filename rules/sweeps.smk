"""Sweeps: scores over the values of a setting, as points and as a curve; one target for each of the config."""


wildcard_constraints:
    sweep=one_of(CONFIG.sweeps),


def sweep_metrics(sweep, file="metrics.json"):
    """The evaluations of all seeds of each value of a sweep."""
    chains = [results_of(sweep.experiment, file, **{sweep.key: v}) for v in sweep.values]
    return [f for chain in chains for f in chain]


def experiments_along(sweep):
    """For each value of a sweep, as text: the experiments that have the same settings, whose numbers are its numbers."""
    variants = {e: PLAN.variant("evaluation", PLAN.settings(e)) for e in CONFIG.experiments}
    along = {
        str(v): PLAN.variant("evaluation", PLAN.settings(sweep.experiment, **{sweep.key: v}))
        for v in sweep.values
    }
    return {v: [e for e in variants if variants[e].name == along[v].name] for v in along}


def sweep_default(sweep):
    """The value that the swept experiment has otherwise."""
    return str(PLAN.settings(sweep.experiment)[sweep.key])


for name in CONFIG.sweeps:

    rule:
        name:
            name
        input:
            expand(f"{FIGURES}/{name}.{{kind}}", kind=["png", "pdf", "csv"]),
        localrule: True


rule compute_sweep:
    input:
        code=code("compute_sweep.py"),
        metrics=lambda w: sweep_metrics(CONFIG.sweeps[w.sweep]),
        counts=lambda w: sweep_metrics(CONFIG.sweeps[w.sweep], "counts.npz"),
        numbers=paper("_ledger") if ON_VOC2012 else [],
    output:
        points=f"{FIGURES}/{{sweep}}.csv",
    log:
        f"{LOGS}/compute_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/compute_sweep/{{sweep}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        values=lambda w: CONFIG.sweeps[w.sweep].values,
        experiments=lambda w: experiments_along(CONFIG.sweeps[w.sweep]),
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_sweep.py"


rule draw_sweep:
    input:
        code=code("draw_sweep.py"),
        points=f"{FIGURES}/{{sweep}}.csv",
    output:
        png=drawing("sweep", DRAWINGS, CONFIG.sweeps),
        pdf=f"{FIGURES}/{{sweep}}.pdf",
    log:
        f"{LOGS}/draw_sweep/{{sweep}}.txt",
    benchmark:
        f"{BENCHMARKS}/draw_sweep/{{sweep}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        sweep=lambda w: CONFIG.sweeps[w.sweep].model_dump(),
        default=lambda w: sweep_default(CONFIG.sweeps[w.sweep]),
        published_best=lambda w: CONFIG.sweeps[w.sweep].published_best if ON_VOC2012 else None,
    script:
        "../workflow/scripts/draw_sweep.py"
