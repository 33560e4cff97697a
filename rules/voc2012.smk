"""PASCAL VOC 2012: its archives, downloaded or given, become a folder in the one on-disk form."""

from wsss.sources import ROOTS
from wsss.voc.known import DOWNLOADABLE, FILES, LABELS

VOC = CONFIG.dataset.voc2012


def place_of(archive):
    """Where one of VOC's archives, or the folder unpacked from it, is or will be."""
    return getattr(VOC, archive).path or f"{VOC.downloads}/{FILES[archive]}"


def at_hand(*archives):
    """The archives, for ``input:``; what is neither there nor can be downloaded is left to the script, which says so."""
    found = []
    for archive in archives:
        downloaded = VOC.download and archive in DOWNLOADABLE and not getattr(VOC, archive).path
        if downloaded or os.path.exists(place_of(archive)):
            found.append(ancient(place_of(archive)))
    return found


def not_at_hand(*archives):
    """For ``asking``: the archives that are neither there nor can be downloaded."""
    fetched = [
        a for a in archives if VOC.download and a in DOWNLOADABLE and not getattr(VOC, a).path
    ]
    return absent(*(place_of(a) for a in archives if a not in fetched))


def sources_of(*archives):
    """For ``params:``: places, checksums, and a digest of what the user has given (downloads have their checksums)."""
    settings = {a: place_of(a) for a in archives}
    settings |= {f"{a}_checksum": getattr(VOC, a).checksum for a in archives}
    given = [getattr(VOC, a).path for a in archives if getattr(VOC, a).path]
    inner = ("", "JPEGImages", "SegmentationClass", "SegmentationClassAug", "cls")
    places = given + [f"{g}/{root}/{i}" for g in given for root in ROOTS for i in inner]
    return settings | {"listing": names_and_sizes(places)}


# An archive that is there has no rule: Snakemake deletes outputs before it runs a job, and it may be the user's own.
MISSING_ARCHIVES = [
    a for a in DOWNLOADABLE if VOC and not os.path.exists(f"{VOC.downloads}/{FILES[a]}")
]

if VOC and VOC.download and MISSING_ARCHIVES:

    # No input: an archive is downloaded once, and no edit of code or touch does it again.
    rule download_voc2012:
        output:
            f"{VOC.downloads}/{{archive}}",
        log:
            f"{LOGS}/download_voc2012/{{archive}}.txt",
        benchmark:
            f"{BENCHMARKS}/download_voc2012/{{archive}}.tsv"
        wildcard_constraints:
            archive="|".join(FILES[a].replace(".", r"\.") for a in MISSING_ARCHIVES),
        localrule: True
        params:
            settings={
                FILES[a]: (a, getattr(VOC, a).url, getattr(VOC, a).checksum) for a in DOWNLOADABLE
            },
        script:
            "../workflow/scripts/download_voc2012.py"


if VOC:
    FURTHER = "augmented" if VOC.augmented.path else "sbd"

    # Reads no mask, so that nothing that trains depends on a rule that does.
    rule prepare_voc2012:
        input:
            code=code("prepare_voc2012.py"),
            archives=at_hand("trainval"),
            image_labels=[f for f in [VOC.labels or os.path.relpath(LABELS)] if os.path.exists(f)],
        output:
            pictures=directory(f"{BUILT}/JPEGImages"),
            splits=[f"{BUILT}/ImageSets/Segmentation/{s}.txt" for s in ("trainaug", "val")],
            labels=f"{BUILT}/labels.csv",
            classes=f"{BUILT}/classes.txt",
            provenance=f"{BUILT}/provenance.json",
        log:
            f"{DATA_LOGS}/prepare_voc2012/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/prepare_voc2012/job.tsv"
        priority: asking(not_at_hand("trainval"))
        resources:
            mem_mb=growing(1000),
            runtime="2h",
        params:
            settings=sources_of("trainval") | {"labels": VOC.labels} | leaves(VOC.expected),
        script:
            "../workflow/scripts/prepare_voc2012.py"

    rule prepare_voc2012_masks:
        input:
            code=code("prepare_voc2012_masks.py"),
            archives=at_hand("trainval", FURTHER),
            splits=[f"{BUILT}/ImageSets/Segmentation/{s}.txt" for s in ("trainaug", "val")],
        output:
            masks=directory(f"{BUILT}/SegmentationClass"),
        log:
            f"{DATA_LOGS}/prepare_voc2012_masks/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/prepare_voc2012_masks/job.tsv"
        priority: asking(not_at_hand("trainval", FURTHER))
        threads: 8
        resources:
            mem_mb=growing(2000),
            runtime="2h",
        params:
            settings=sources_of("trainval", FURTHER) | {"further": FURTHER},
        script:
            "../workflow/scripts/prepare_voc2012_masks.py"

    rule prepare_voc2012_test:
        input:
            code=code("prepare_voc2012_test.py"),
            archives=at_hand("test"),
        output:
            pictures=directory(f"{BUILT}_test/JPEGImages"),
            split=f"{BUILT}_test/ImageSets/Segmentation/test.txt",
        log:
            f"{DATA_LOGS}/prepare_voc2012_test/log.txt",
        benchmark:
            f"{DATA_BENCHMARKS}/prepare_voc2012_test/job.tsv"
        priority: asking(not_at_hand("test"))
        resources:
            mem_mb=growing(1000),
            runtime="1h",
        params:
            settings=sources_of("test") | {"expected": VOC.expected.test},
        script:
            "../workflow/scripts/prepare_voc2012_test.py"
