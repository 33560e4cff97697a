"""What tables and figures have in common: how they call experiments, and their place in the report."""

import re

import yaml

from wsss.config import PAPER_DATASET
from wsss.methods import METHODS, trained_by

TABLES = f"{RESULTS}/tables"
# The report's categories, which it sorts by name.
SCORES, DRAWINGS = "1. Tables", "2. Figures"
LABELS, RECORDS = "3. Labels, stage by stage", "4. Run times and provenance"
ON_VOC2012 = DATASET == PAPER_DATASET  # the papers' numbers say nothing about other data sets
PER_CLASS = [name for name, table in CONFIG.tables.items() if table.per_class]
SCORED = [name for name, table in CONFIG.tables.items() if table.measure == "scores"]
COMPARISONS = [
    n for n in SCORED if CONFIG.tables[n].compare_with is not None and n not in PER_CLASS
]
OF_EXPERIMENTS = [name for name in SCORED if name not in (*COMPARISONS, *PER_CLASS)]
# The experiment that retention is measured against, if the config has it.
FULL_SUPERVISION = (
    CONFIG.full_supervision if CONFIG.full_supervision in CONFIG.experiments else None
)
MAIN_TABLE = next(iter(OF_EXPERIMENTS), None)


def one_of(names):
    """A wildcard constraint: one of these names; with no names, nothing matches."""
    return "|".join(re.escape(n) for n in names) or "(?!)"


def paper(name):
    """The papers' files ``*{name}.csv``: ``_ledger``, what they state; ``_claims``, which experiment beats which."""
    found = sorted((ROOT / "config" / "paper").glob(f"*{name}.csv"))
    return [os.path.relpath(f) if f.is_relative_to(Path.cwd()) else str(f) for f in found]


def published(table):
    """The file of published numbers that a table compares with; none where it names none."""
    entry, known = CONFIG.tables[table], [Path(f).stem for f in paper("_table*")]
    key = "compare_classes_with" if entry.compare_classes_with else "compare_with"
    name = getattr(entry, key)
    if name is not None and name not in known:
        raise WorkflowError(
            f"tables.{table}.{key} is '{name}', but there is no config/paper/{name}.csv: name one of "
            f"{', '.join(known)}, or write that file."
        )
    return paper(name) if name else []


for name in CONFIG.tables:
    published(name)  # a wrong name stops the run at once


def compared_with(table):
    """For ``input:``: the file of published numbers, on the data set that they are of: MS-COCO's, or the papers' own."""
    of_coco = CONFIG.tables[table].per_class
    return published(table) if (DATASET == "coco" if of_coco else ON_VOC2012) else []


def said_of(table):
    """What there is to say of the published numbers that a table shows, in sentences; nothing where it shows none."""
    notes = yaml.safe_load((ROOT / "config" / "paper" / "notes.yaml").read_text())
    return " ".join(notes.get(Path(f).stem, "") for f in compared_with(table))


def compared(table):
    """Experiment → label of a table's rows and, last, of full supervision, which retention is a share of."""
    rows = dict.fromkeys(CONFIG.tables[table].rows)
    full = [FULL_SUPERVISION] if FULL_SUPERVISION else []
    return {e: CONFIG.experiments[e].label for e in dict.fromkeys([*rows, *full])}


def rows_of(table):
    """Experiment → label of a table's rows."""
    return {e: CONFIG.experiments[e].label for e in CONFIG.tables[table].rows}


def called(experiment):
    """An experiment's label where several methods are shown: with its method, unless the label says it."""
    settings, label = PLAN.settings(experiment), CONFIG.experiments[experiment].label
    title = METHODS[settings["method"]].title
    weak = settings["segmentation.supervision"] == "image_labels"
    return f"{title}: {label}" if weak and title not in label else label


def short(title):
    """What a title calls its table or figure: the words before the colon."""
    return title.split(":")[0].split(" (")[0]


def with_parts(figure):
    """A figure of features and its parts, whose names go on from its own: generic_figure1_seeds is one."""
    return [n for n in CONFIG.feature_figures if n == figure or n.startswith(f"{figure}_")]


def in_report(file, caption, category, label):
    """Marks an output for the report, whose list calls it ``label``, a word or a function of the wildcards."""
    labels = (lambda wildcards: {"what": label(wildcards)}) if callable(label) else {"what": label}
    return report(
        file, caption=f"../workflow/report/{caption}.rst", category=category, labels=labels
    )


def titled(kind, entries):
    """For ``in_report``: the short title of the config's entry that the wildcard ``kind`` names."""
    return lambda wildcards: short(entries[getattr(wildcards, kind)].title)


def metrics_of(table):
    """The evaluations of all seeds of each experiment that a table compares."""
    return [f for e in compared(table) for f in results_of(e, "metrics.json")]


def chain_of(experiment):
    """For each seed: the records of all stages of an experiment; where no seed matters, the first's for all."""
    settings = PLAN.settings(experiment)
    seeds = CONFIG.seeds
    if settings["segmentation.supervision"] == "checkpoint":
        seeds = [seeds[0] for _ in seeds]
    return [[artifact(v, s, "provenance.json") for v in PLAN.chain(settings)] for s in seeds]


def records_of(experiments):
    """Experiment → the records of all its stages and seeds."""
    return {e: list(dict.fromkeys(f for s in chain_of(e) for f in s)) for e in experiments}


def flat(files):
    """The files of all experiments."""
    return [f for found in files.values() for f in found]


def made_by(experiments):
    """For ``input:``: the records of all stages; one that is written anew with the same scores makes no table stale."""
    return [ancient(f) for f in flat(records_of(experiments))]


def evaluations_of(experiments):
    """Experiment → its evaluations."""
    return {e: results_of(e, "metrics.json") for e in experiments}


def conditions(experiments):
    """Experiment → its label, and the conditions of its score."""
    dataset, label = CONFIG.dataset, lambda e: {"label": CONFIG.experiments[e].label}
    return {e: label(e) | conditions_of(PLAN.settings(e), dataset) for e in experiments}


def counts_of(table):
    """The confusion counts of the pictures, of all seeds of each row of a table."""
    return [f for e in rows_of(table) for f in results_of(e, "counts.npz")]


def trainers_of(table):
    """Experiment → what trains it, for each row of a table."""
    return {e: trained_by(PLAN.settings(e)) for e in rows_of(table)}


def weakly_supervised(method=None):
    """The experiments that image-level labels train, of one method or of all."""
    settings = {e: PLAN.settings(e) for e in CONFIG.experiments}
    weak = [e for e, s in settings.items() if s["segmentation.supervision"] == "image_labels"]
    return [e for e in weak if method in (None, settings[e]["method"])]


def quality_experiments(table="stage_quality"):
    """Experiment → label of the chains whose labels are compared stage by stage."""
    method = table.removesuffix("stage_quality").rstrip("_")
    if method:
        chosen = weakly_supervised(method)
    else:
        chosen = [
            e for e in ("baseline", "nsrom") if e in CONFIG.experiments
        ] or weakly_supervised()
    return {e: CONFIG.experiments[e].label for e in chosen}


def aligned(experiments):
    """How maps of these experiments are laid on pictures (``cam.align_corners``), which has to be one way."""
    found = {PLAN.settings(e)["cam.align_corners"] for e in experiments}
    if len(found) > 1:
        names = ", ".join(experiments)
        raise WorkflowError(
            f"{names} differ in cam.align_corners: show them in figures of their own."
        )
    return found.pop()


def measurements(kind, file, experiments):
    """For ``input:``: a measurement's files, of all seeds of the first experiment, then of the second, and so on."""
    path = f"{RESULTS}/{kind}/{{experiment}}/seed-{{seed}}/{file}"
    return expand(path, experiment=experiments, seed=CONFIG.seeds)


include: "tables.smk"
include: "class_tables.smk"
include: "quality.smk"
include: "figures.smk"
include: "sweeps.smk"
include: "report.smk"
include: "comparison.smk"
include: "boundaries.smk"
include: "cooccurrence.smk"
include: "methods.smk"
include: "label_scores.smk"
include: "ledger.smk"
