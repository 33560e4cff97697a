"""Saliency maps of the training pictures where the data set has none: imported, or detected with U²-Net."""

MAPS = CONFIG.dataset.saliency
TRAIN_LIST = f"ImageSets/Segmentation/{CONFIG.dataset.train_split}.txt"


if MAPS and MAPS.maps:

    rule import_saliency:
        input:
            code=code("import_saliency.py"),
            pictures=[ancient(f) for f in present("JPEGImages")],
            split=present(TRAIN_LIST),
            source=[ancient(MAPS.maps)] if os.path.exists(MAPS.maps) else [],
        output:
            maps=directory(MADE_MAPS),
            manifest=MADE_MAPS_MANIFEST,
            provenance=f"{DATA}/saliency/provenance.json",
        log:
            f"{DATA_LOGS}/import_saliency/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/import_saliency/job.tsv"
        priority: asking(absent(MAPS.maps), 80)
        threads: 8
        resources:
            mem_mb=growing(1000),
            runtime="1h",
        params:
            settings={"method": "precomputed maps", "source": MAPS.maps, "sha256": MAPS.sha256},
            split=CONFIG.dataset.train_split,
            folder=FOLDER,
            listing=names_and_sizes([MAPS.maps]),
        script:
            "../workflow/scripts/import_saliency.py"


# A model that is there has no rule: Snakemake deletes outputs before it runs a job, and it may be the user's own.
if MAPS and MAPS.url and not os.path.exists(MAPS.model):

    # No input: the model is downloaded once, and no edit of code or touch does it again.
    rule download_saliency_model:
        output:
            MAPS.model,
        log:
            f"{LOGS}/download_saliency_model/log.txt",
        benchmark:
            f"{BENCHMARKS}/download_saliency_model/job.tsv"
        localrule: True
        params:
            settings={"url": MAPS.url, "sha256": MAPS.sha256},
        script:
            "../workflow/scripts/download_saliency_model.py"


if MAPS and MAPS.model:

    rule detect_saliency:
        input:
            code=code("detect_saliency.py"),
            pictures=[ancient(f) for f in present("JPEGImages")],
            split=present(TRAIN_LIST),
            source=[MAPS.model] if MAPS.url or os.path.exists(MAPS.model) else [],
        output:
            maps=directory(MADE_MAPS),
            manifest=MADE_MAPS_MANIFEST,
            provenance=f"{DATA}/saliency/provenance.json",
        log:
            f"{DATA_LOGS}/detect_saliency/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/detect_saliency/job.tsv"
        priority: asking(absent(*([] if MAPS.url else [MAPS.model])), 80)
        threads: 8
        resources:
            mem_mb=growing(4000),
            runtime="8h",
            gpu=1,
        params:
            settings={
                "method": "U²-Net (ONNX)",
                "source": MAPS.model,
                "url": MAPS.url,
                "sha256": MAPS.sha256,
            },
            batch_size=MAPS.batch_size,
            split=CONFIG.dataset.train_split,
            folder=FOLDER,
            listing=listing("JPEGImages"),
        script:
            "../workflow/scripts/detect_saliency.py"
