"""Predictions on a split without labels, packed for the VOC evaluation server."""

TEST_SPLIT = CONFIG.dataset.test_split
# VOC's test pictures lie apart, so that having them or not changes nothing that trains.
TEST_FOLDER = f"{BUILT}_test" if CONFIG.dataset.voc2012 else FOLDER
TEST_IMAGES = f"{DATA}/test_images.csv"
SUBMISSION = CONFIG.submission
SUBMITTED_SEED = CONFIG.seeds[0] if SUBMISSION.seed is None else SUBMISSION.seed
SUBMITTED = f"{RESULTS}/submission/{SUBMISSION.experiment}_seed-{SUBMITTED_SEED}.tar.gz"


def unlabelled(*names):
    """Files of the split's folder; as with labelled splits, the check says what a given folder lacks."""
    files = [f"{TEST_FOLDER}/{n}" for n in names]
    return [f for f in files if CONFIG.dataset.path is None or os.path.exists(f)]


def submitted_predictions(file):
    """For ``input:``: a file of the submitted experiment's predictions on the test split."""

    def path(wildcards):
        variant = PLAN.variant("evaluation", PLAN.settings(SUBMISSION.experiment))
        return f"{RESULTS}/test_predictions/{variant.name}/seed-{SUBMITTED_SEED}/{file}"

    return path


def submitted_settings(wildcards):
    """The experiment's settings, and those of its predictions, which are the last round's."""
    return as_tested(PLAN.lookup("evaluation", wildcards.variant).relevant, SUBMISSION.crf)


def submission_archive(wildcards):
    """The archive; a sentence if no split is named."""
    if TEST_SPLIT is None:
        raise WorkflowError("dataset.test_split is null: name the split that submission predicts.")
    return SUBMITTED


rule submission:
    input:
        submission_archive,
    localrule: True


rule check_unlabelled:
    input:
        code=code("check_unlabelled.py"),
        pictures=[ancient(f) for f in unlabelled("JPEGImages")],
        split=unlabelled(f"ImageSets/Segmentation/{TEST_SPLIT}.txt"),
    output:
        images=TEST_IMAGES,
    log:
        f"{DATA_LOGS}/check_unlabelled/log.txt",
    benchmark:
        f"{DATA_BENCHMARKS}/check_unlabelled/job.tsv"
    priority: 90
    resources:
        mem_mb=growing(1000),
        runtime="1h",
    params:
        settings={"folder": TEST_FOLDER, "split": TEST_SPLIT},
        listing=listing("JPEGImages"),
    script:
        "../workflow/scripts/check_unlabelled.py"


rule predict_unlabelled:
    input:
        code=code("predict.py"),
        images=TEST_IMAGES,
        classes=CLASSES,
        checkpoint=model_of,
    output:
        labels=directory(f"{RESULTS}/test_predictions/{{variant}}/seed-{{seed}}/labels"),
        manifest=f"{RESULTS}/test_predictions/{{variant}}/seed-{{seed}}/manifest.csv",
        provenance=f"{RESULTS}/test_predictions/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/predict_unlabelled/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/predict_unlabelled/{{variant}}_seed-{{seed}}.tsv"
    threads: LABEL_THREADS
    resources:
        mem_mb=growing(memory(CONFIG.segmentation.backbone, 3000, 6000)),
        runtime="8h",
        gpu=1,
    params:
        settings=submitted_settings,
        split=TEST_SPLIT,
    script:
        "../workflow/scripts/predict.py"


rule pack_submission:
    input:
        code=code("pack_submission.py"),
        images=TEST_IMAGES,
        classes=CLASSES,
        predictions=ancient(submitted_predictions("labels")),
        manifest=submitted_predictions("manifest.csv"),
    output:
        archive=SUBMITTED,
    log:
        f"{LOGS}/pack_submission/log.txt",
    benchmark:
        f"{BENCHMARKS}/pack_submission/job.tsv"
    localrule: True
    resources:
        mem_mb=1000,
    params:
        split=TEST_SPLIT,
    script:
        "../workflow/scripts/pack_submission.py"
