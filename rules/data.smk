"""The data set: built or given, then checked once; everything else starts from the checked lists."""

import re

from wsss.config import leaves

MADE_OF = CONFIG.dataset.made_of
BUILT = f"{DATA}/{MADE_OF}"
FOLDER = CONFIG.dataset.path or BUILT


def present(*names):
    """Files and folders of the data set; what a given folder lacks is left to the check, which says what to do."""
    files = [f"{FOLDER}/{name}" for name in names]
    return [f for f in files if CONFIG.dataset.path is None or os.path.exists(f)]


SPLITS = [
    f"ImageSets/Segmentation/{s}.txt"
    for s in (CONFIG.dataset.train_split, CONFIG.dataset.val_split)
]


def listing(*names):
    """``names_and_sizes`` of folders of a given data set."""
    return names_and_sizes(f"{FOLDER}/{n}" for n in names) if CONFIG.dataset.path else []


def names_and_sizes(paths):
    """A digest of files and of what is in folders, so that a changed one is noticed and a touched one is not."""
    from hashlib import sha256

    found = []
    for path in paths:
        if os.path.isdir(path):
            entries = sorted(os.scandir(path), key=lambda e: e.name)
            found += [(path, e.name, e.stat().st_size) for e in entries]
        elif os.path.isfile(path):
            found.append((path, os.path.getsize(path)))
    return sha256(repr(found).encode()).hexdigest()


# Maps that are made or imported; None: those of the data set's own folder, if any, are used.
MADE_MAPS = (
    f"{DATA}/saliency/maps" if CONFIG.dataset.saliency and CONFIG.dataset.saliency.made else None
)
MADE_MAPS_MANIFEST = f"{DATA}/saliency/manifest.csv" if MADE_MAPS else []


# For the sentences of jobs: whose files what lies in these folders is made of.
SOURCES_OF_DATA = {
    "voc2012": "the archives of dataset.voc2012",
    "coco": "the annotations and pictures of dataset.coco",
}
config["made_of"] = {BUILT: SOURCES_OF_DATA[MADE_OF]} if MADE_OF in SOURCES_OF_DATA else {}
if MADE_MAPS and CONFIG.dataset.saliency.maps:
    config["made_of"][MADE_MAPS] = CONFIG.dataset.saliency.maps


if MADE_OF == "openmoji":

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
            f"{DATA_LOGS}/build_openmoji/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/build_openmoji/job.tsv"
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
        lists=present(*SPLITS, "labels.csv", "classes.txt"),
    output:
        images=IMAGES,
        classes=CLASSES,
    log:
        f"{DATA_LOGS}/check_images/log.txt",
    benchmark:
        f"{DATA_BENCHMARKS}/check_images/job.tsv"
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
            "background": CONFIG.dataset.background,
        },
        listing=listing("JPEGImages"),
    script:
        "../workflow/scripts/check_images.py"


# Apart as well: who only scores a network needs no saliency.
rule check_saliency:
    input:
        code=code("check_saliency.py"),
        images=IMAGES,
        classes=CLASSES,
        maps=[ancient(f) for f in ([MADE_MAPS] if MADE_MAPS else present("Saliency"))],
        maps_manifest=MADE_MAPS_MANIFEST,
    output:
        saliency=SALIENCY,
        notes=f"{DATA}/saliency_notes.txt",
    log:
        f"{DATA_LOGS}/check_saliency/log.txt",
    benchmark:
        f"{DATA_BENCHMARKS}/check_saliency/job.tsv"
    priority: 80
    threads: 8
    resources:
        mem_mb=growing(1000),
        runtime="1h",
    params:
        settings={"folder": MADE_MAPS or f"{FOLDER}/Saliency", "made": MADE_MAPS is not None},
        split=CONFIG.dataset.train_split,
        listing=listing("Saliency"),
    script:
        "../workflow/scripts/check_saliency.py"


# What a split's masks are needed for, and what somebody without them can do.
NEEDED = {
    CONFIG.dataset.val_split: "scores need the mask of every validation picture: add it, or take the picture out of "
    "the split; labels, trainings and `submission` need no mask",
}
NEEDED.setdefault(
    CONFIG.dataset.train_split,
    "quality and boundaries of labels, pictures of labels beside the truth and the row fully_supervised need the mask "
    "of every training picture: add it, or ask for what needs validation masks alone (evaluate_nsrom and other "
    "evaluations; with `full_supervision: null`, tables whose rows leave fully_supervised out)",
)


# Masks are checked apart, and first: bad ones stop the run early, yet nothing that trains depends on them.
rule check_masks:
    input:
        code=code("check_masks.py"),
        masks=[ancient(f) for f in present("SegmentationClass")],
        pictures=[ancient(f) for f in present("JPEGImages")],
        lists=lambda w: present(
            f"ImageSets/Segmentation/{w.split}.txt", "labels.csv", "classes.txt"
        ),
    output:
        masks=masks_of("{split}"),
        notes=f"{DATA}/masks_{{split}}_notes.txt",
    log:
        f"{DATA_LOGS}/check_masks/{{split}}.txt",
    benchmark:
        f"{DATA_BENCHMARKS}/check_masks/{{split}}.tsv"
    wildcard_constraints:
        split="|".join(map(re.escape, NEEDED)),
    priority: 100
    threads: 8
    resources:
        mem_mb=growing(1000),
        runtime="1h",
    params:
        settings={
            "folder": FOLDER,
            "background": CONFIG.dataset.background,
            "disagreement": CONFIG.dataset.disagreement,
            "palette": CONFIG.dataset.palette,
        },
        needed=lambda w: NEEDED[w.split],
        listing=listing("SegmentationClass"),
    script:
        "../workflow/scripts/check_masks.py"


# All of them, for whoever wants to have all masks checked.
rule list_masks:
    input:
        code=code("list_masks.py"),
        masks=[masks_of(split) for split in NEEDED],
    output:
        masks=MASKS,
    log:
        f"{DATA_LOGS}/list_masks/log.txt",
    benchmark:
        f"{DATA_BENCHMARKS}/list_masks/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../workflow/scripts/list_masks.py"
