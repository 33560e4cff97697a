"""The data set: built or given, then checked once; everything else starts from the checked lists."""

from wsss.config import leaves

BUILT = f"{RESULTS}/data/openmoji"
FOLDER = CONFIG.dataset.path or BUILT


def present(*names):
    """Files and folders of the data set; what a given folder lacks is left to the check, which says what to do."""
    files = [f"{FOLDER}/{name}" for name in names]
    return [f for f in files if CONFIG.dataset.path is None or os.path.exists(f)]


SPLITS = [
    f"ImageSets/Segmentation/{s}.txt"
    for s in (CONFIG.dataset.train_split, CONFIG.dataset.val_split)
]


def listing(*folders):
    """Names and sizes of a given data set's files, so that a changed folder is noticed and a touched one is not."""
    if CONFIG.dataset.path is None:
        return []
    from hashlib import sha256

    found = [
        (f, entry.name, entry.stat().st_size)
        for f in folders
        if os.path.isdir(f"{FOLDER}/{f}")
        for entry in sorted(os.scandir(f"{FOLDER}/{f}"), key=lambda e: e.name)
    ]
    return sha256(repr(found).encode()).hexdigest()


if CONFIG.dataset.path is None:

    rule build_openmoji:
        input:
            code=code("build_openmoji.py"),
        output:
            pictures=directory(f"{BUILT}/JPEGImages"),
            saliency=directory(f"{BUILT}/Saliency"),
            masks=directory(f"{BUILT}/SegmentationClass"),
            splits=[f"{BUILT}/ImageSets/Segmentation/{s}.txt" for s in ("train", "val")],
            labels=f"{BUILT}/labels.csv",
            kinds=f"{BUILT}/kinds.csv",
            classes=f"{BUILT}/classes.txt",
            license=f"{BUILT}/LICENSE.txt",
        log:
            f"{LOGS}/build_openmoji/log.txt",
        benchmark:
            f"{BENCHMARKS}/build_openmoji/job.tsv"
        threads: 8
        resources:
            mem_mb=growing(2000),
            runtime="1h",
        params:
            settings=leaves(CONFIG.dataset.openmoji),
        script:
            "../workflow/scripts/build_openmoji.py"


rule check_images:
    input:
        code=code("check_images.py"),
        pictures=[ancient(f) for f in present("JPEGImages")],
        saliency=[ancient(f) for f in present("Saliency")],
        lists=present(*SPLITS, "labels.csv", "classes.txt"),
    output:
        images=IMAGES,
        classes=f"{RESULTS}/data/classes.txt",
    log:
        f"{LOGS}/check_images/log.txt",
    benchmark:
        f"{BENCHMARKS}/check_images/job.tsv"
    priority: 90
    threads: 8
    resources:
        mem_mb=growing(1000),
        runtime="1h",
    params:
        settings={
            "train": CONFIG.dataset.train_split,
            "val": CONFIG.dataset.val_split,
            "folder": FOLDER,
        },
        listing=listing("JPEGImages", "Saliency"),
    script:
        "../workflow/scripts/check_images.py"


# Masks are checked apart, and first: bad ones stop the run early, yet nothing that trains depends on them.
rule check_masks:
    input:
        code=code("check_masks.py"),
        masks=[ancient(f) for f in present("SegmentationClass")],
        pictures=[ancient(f) for f in present("JPEGImages")],
        lists=present(*SPLITS, "classes.txt"),
    output:
        masks=MASKS,
    log:
        f"{LOGS}/check_masks/log.txt",
    benchmark:
        f"{BENCHMARKS}/check_masks/job.tsv"
    priority: 100
    threads: 8
    resources:
        mem_mb=growing(1000),
        runtime="1h",
    params:
        settings={
            "train": CONFIG.dataset.train_split,
            "val": CONFIG.dataset.val_split,
            "folder": FOLDER,
        },
        listing=listing("SegmentationClass"),
    script:
        "../workflow/scripts/check_masks.py"
