"""SMVWE's background scores: the configured one, the one that saliency maps choose, and the best in hindsight."""

# The experiments whose background scores are compared.
SCORED_BACKGROUND = [
    e for e in ("vwe", "smvwe") if e in weakly_supervised("smvwe")
] or weakly_supervised("smvwe")


def background_files(wildcards):
    """The measurements of all seeds of each experiment whose background scores are compared."""
    variants = [word_maps_of(e).name for e in SCORED_BACKGROUND]
    file = f"{RESULTS}/background_quality/{{variant}}/seed-{{seed}}/quality.csv"
    return expand(file, variant=variants, seed=CONFIG.seeds)


rule measure_background:
    input:
        code=code("measure_background.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=masks_of(CONFIG.dataset.train_split),
        saliency=SALIENCY,
        maps=ancient(f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/maps"),
        maps_manifest=f"{RESULTS}/word_maps/{{variant}}/seed-{{seed}}/manifest.csv",
    output:
        quality=f"{RESULTS}/background_quality/{{variant}}/seed-{{seed}}/quality.csv",
    log:
        f"{LOGS}/measure_background/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_background/{{variant}}_seed-{{seed}}.tsv"
    resources:
        mem_mb=growing(1000),
        runtime="2h",
    params:
        split=CONFIG.dataset.train_split,
        aligned=lambda w: PLAN.lookup("word_maps", w.variant).settings["cam.align_corners"],
    script:
        "../workflow/scripts/measure_background.py"


rule compute_background:
    input:
        code=code("compute_background.py"),
        qualities=background_files,
    output:
        table=f"{TABLES}/smvwe_background.csv",
    log:
        f"{LOGS}/compute_background/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_background/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        labels=labels_of(SCORED_BACKGROUND),
        constants=[PLAN.settings(e)["smvwe.background_score"] for e in SCORED_BACKGROUND],
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_background.py"


rule write_background:
    input:
        code=code("write_background.py"),
        table=f"{TABLES}/smvwe_background.csv",
    output:
        md=f"{TABLES}/smvwe_background.md",
        tex=f"{TABLES}/smvwe_background.tex",
        html=in_report(f"{TABLES}/smvwe_background.html", "background", LABELS, "Background scores"),
    log:
        f"{LOGS}/write_background/log.txt",
    benchmark:
        f"{BENCHMARKS}/write_background/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/write_background.py"


if weakly_supervised("smvwe"):
    SHOWN_OF["smvwe"].append("smvwe_background")
    OWN_PAGES.append("smvwe_background")

    rule smvwe_background:
        input:
            expand(f"{TABLES}/smvwe_background.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True
