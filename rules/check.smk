"""`snakemake check`: a data set is checked, and what was understood of it is printed, before anybody trains."""

from wsss.data import DataError
from wsss.data_files import maps_in
from wsss.given_lists import split_ids

CHECKED_SPLITS = list(dict.fromkeys([CONFIG.dataset.train_split, CONFIG.dataset.val_split]))


def has_files(name, split):
    """Whether a given folder has masks or maps of a split at all; if some are missing, the check says which."""
    if MADE_OF != "folder":
        return True
    try:
        ids = split_ids(Path(FOLDER), split)
    except DataError:  # check_images says what is wrong with the list
        return False
    return len(maps_in(Path(FOLDER) / name).lacking(ids)) < len(ids)


def splits_with_masks():
    return [s for s in CHECKED_SPLITS if has_files("SegmentationClass", s)]


def with_maps():
    """Maps that a model makes are not made for a check."""
    if MADE_MAPS:
        return bool(MAPS.maps)
    return MADE_OF in ("openmoji", "folder") and has_files("Saliency", CONFIG.dataset.train_split)


rule check:
    input:
        code=code("check.py"),
        images=IMAGES,
        classes=CLASSES,
        masks=lambda w: [masks_of(s) for s in splits_with_masks()],
        saliency=lambda w: [SALIENCY] if with_maps() else [],
        notes=lambda w: [f"{DATA}/masks_{s}_notes.txt" for s in splits_with_masks()]
        + ([f"{DATA}/saliency_notes.txt"] if with_maps() else []),
    log:
        f"{DATA_LOGS}/check/log.txt",
    localrule: True
    params:
        settings=lambda w: {
            "folder": FOLDER,
            "splits": CHECKED_SPLITS,
            "with_masks": splits_with_masks(),
            "maps": f"to be made by {MAPS.model}" if MADE_MAPS else "none",
        },
    script:
        "../workflow/scripts/check.py"
