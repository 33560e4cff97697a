"""How well the saliency-free model's classifier tells the classes of validation pictures.  No mask is read."""

# Usually one: the experiments differ in what follows it.
CLASSIFIERS = list(
    dict.fromkeys(
        PLAN.variant("image_classifier", PLAN.settings(e)).name
        for e in weakly_supervised("generic")
    )
)


rule measure_accuracy:
    input:
        code=code("measure_accuracy.py"),
        images=IMAGES,
        classes=CLASSES,
        checkpoint=f"{RESULTS}/image_classifier/{{variant}}/seed-{{seed}}/model.safetensors",
    output:
        accuracy=f"{RESULTS}/image_accuracy/{{variant}}/seed-{{seed}}/accuracy.csv",
    log:
        f"{LOGS}/measure_accuracy/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/measure_accuracy/{{variant}}_seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=growing(memory(CONFIG.classifier.backbone, 3000, 6000)),
        runtime="2h",
        gpu=1,
    params:
        settings=settings_of("image_classifier"),
        split=CONFIG.dataset.val_split,
    script:
        "../workflow/scripts/measure_accuracy.py"


rule compute_accuracy:
    input:
        code=code("compute_accuracy.py"),
        accuracies=expand(
            f"{RESULTS}/image_accuracy/{{variant}}/seed-{{seed}}/accuracy.csv",
            variant=CLASSIFIERS,
            seed=CONFIG.seeds,
        ),
        stated=paper("generic_accuracy")[0] if DATASET == "coco" else [],
    output:
        table=f"{TABLES}/generic_accuracy.csv",
    log:
        f"{LOGS}/compute_accuracy/log.txt",
    benchmark:
        f"{BENCHMARKS}/compute_accuracy/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    params:
        classifiers=CLASSIFIERS,
        seeds=CONFIG.seeds,
    script:
        "../workflow/scripts/compute_accuracy.py"


rule write_accuracy:
    input:
        code=code("write_accuracy.py"),
        table=f"{TABLES}/generic_accuracy.csv",
    output:
        md=f"{TABLES}/generic_accuracy.md",
        tex=f"{TABLES}/generic_accuracy.tex",
        html=in_report(
            f"{TABLES}/generic_accuracy.html", "accuracy", SCORES, "Accuracy of the classifier"
        ),
    log:
        f"{LOGS}/write_accuracy/log.txt",
    benchmark:
        f"{BENCHMARKS}/write_accuracy/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/write_accuracy.py"


if CLASSIFIERS:
    SHOWN_OF["generic"].append("generic_accuracy")
    OWN_PAGES.append("generic_accuracy")

    rule generic_accuracy:
        input:
            expand(f"{TABLES}/generic_accuracy.{{kind}}", kind=["csv", "md", "tex", "html"]),
        localrule: True
