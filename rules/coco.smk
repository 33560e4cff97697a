"""MS-COCO: its pictures and instance annotations become a folder in the one on-disk form."""

COCO = CONFIG.dataset.coco


if COCO:
    COCO_SPLITS = ("train", "val")
    ANNOTATIONS = [f"{COCO.annotations}/instances_{s}{COCO.year}.json" for s in COCO_SPLITS]

    # Of the annotations it takes the categories of each picture, and nothing of their shapes.
    rule prepare_coco:
        input:
            code=code("prepare_coco.py"),
            annotations=[ancient(f) for f in ANNOTATIONS if os.path.exists(f)],
        output:
            pictures=directory(f"{BUILT}/JPEGImages"),
            splits=[f"{BUILT}/ImageSets/Segmentation/{s}.txt" for s in COCO_SPLITS],
            labels=f"{BUILT}/labels.csv",
            classes=f"{BUILT}/classes.txt",
            groups=f"{BUILT}/supercategories.csv",
            provenance=f"{BUILT}/provenance.json",
        log:
            f"{DATA_LOGS}/prepare_coco/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/prepare_coco/job.tsv"
        resources:
            mem_mb=growing(8000),
            runtime="2h",
        params:
            settings=leaves(COCO) | {"listing": names_and_sizes(ANNOTATIONS)},
        script:
            "../workflow/scripts/prepare_coco.py"

    rule prepare_coco_masks:
        input:
            code=code("prepare_coco_masks.py"),
            annotations=[ancient(f) for f in ANNOTATIONS if os.path.exists(f)],
            splits=[f"{BUILT}/ImageSets/Segmentation/{s}.txt" for s in COCO_SPLITS],
        output:
            masks=directory(f"{BUILT}/SegmentationClass"),
        log:
            f"{DATA_LOGS}/prepare_coco_masks/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/prepare_coco_masks/job.tsv"
        threads: 8
        resources:
            mem_mb=growing(8000),
            runtime="4h",
        params:
            settings=leaves(COCO) | {"listing": names_and_sizes(ANNOTATIONS)},
        script:
            "../workflow/scripts/prepare_coco_masks.py"
