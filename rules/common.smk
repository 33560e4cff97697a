"""What the rules share: the typed config, variants, paths, and the sources a script depends on."""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
SOURCES = ROOT / "src"
if os.pathsep in str(SOURCES):
    raise WorkflowError(
        f"{ROOT} has a '{os.pathsep}' in its path, at which Python's search path is cut: move the checkout."
    )
# Scripts run in processes of their own: they must import this checkout's library, installed or not.
sys.path.insert(0, str(SOURCES))
os.environ["PYTHONPATH"] = os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")]).strip(
    os.pathsep
)
# glibc gives the memory of a network's layers back at once, and asks for it again at the next picture: kept, maps take
# about a fifth less time.
os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**32))
if shutil.which("sacct"):
    os.environ.update(PATH=os.pathsep.join([str(ROOT / "profiles/slurm/bin"), *os.get_exec_path()]))

from wsss.baseline import FILE, baseline, check_baseline
from wsss.code_graph import sources
from wsss.conditions import conditions_of
from wsss.config import ConfigError, load_config
from wsss.config_files import check_files
from wsss.variants import Plan, resolve

try:
    check_files(workflow.configfiles)
    CONFIG = load_config(config)
    PLAN = Plan(CONFIG)
    check_baseline(CONFIG, Path("results"))
except ConfigError as error:
    raise WorkflowError(str(error)) from None

GIVEN_CONFIG = dict(config)
# For scripts, which see the config as it was given; a parameter of the rules would rerun them when it changes.
config["resuming"] = CONFIG.resuming.model_dump()

DATASET = CONFIG.dataset.folder
RESULTS = f"results/{CONFIG.folder}"
config["largest_picture"] = CONFIG.dataset.largest_picture
config["baseline"] = {"file": f"{RESULTS}/{FILE}", "values": baseline(CONFIG)}
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
# What depends on the data set only is made once, whatever `results` calls the folder of what is computed from it.
DATA = f"results/{DATASET}/data"
DATA_LOGS = f"results/{DATASET}/logs"
DATA_BENCHMARKS = f"results/{DATASET}/benchmarks"
IMAGES = f"{DATA}/images.csv"
CLASSES = f"{DATA}/classes.txt"
MASKS = f"{DATA}/masks.csv"  # of all splits: what is measured or scored reads its own split's, see masks_of
SALIENCY = f"{DATA}/saliency.csv"
# A job that asks for all cores waits until the longest training has left one free: few threads, unless there are many.
# A cluster's jobs have cores of their own, as many as its profile says.
LABEL_THREADS = max(1, (workflow.resource_settings.cores or 1) // 4)


wildcard_constraints:
    seed=r"\d+",
    variant=r"[^/]+",
    round=r"round[12]",
    dataset=r"[^/]+",


def code(script):
    """The script of a rule and all library files it imports: inputs, so that editing them reruns the rule."""
    files = sources(
        ROOT / "workflow" / "scripts" / script, (SOURCES, ROOT / "workflow" / "scripts")
    )
    return [os.path.relpath(f) if f.is_relative_to(Path.cwd()) else str(f) for f in files]


def growing(mem_mb):
    """For ``mem_mb``: as much again with each retry, since a job that was killed for its memory would be again."""
    return lambda wildcards, attempt: mem_mb * attempt


ASKED = {}  # sentences that ask for files, of jobs that have to run, in order


def asking(sentences, priority=0):
    """For ``priority:``, which Snakemake asks of jobs that have to run, once it has planned and before it starts any.

    ``sentences``: of the wildcards, those that ask for files which somebody must put in place.
    """

    def ask(wildcards):
        for sentence in sentences(wildcards):
            if sentence not in ASKED and workflow.dryrun:
                logger.warning(f"Before this can run: {sentence}")
            ASKED[sentence] = None
        return priority

    return ask


def absent(*paths):
    """For ``asking``: what is said of the given paths that are not here."""
    told = "is missing: put the file there, or correct its path in the configuration"
    return lambda wildcards: [f"{path} {told}" for path in paths if not os.path.exists(path)]


# Not a job's error, which would come after downloads that started before it.
onstart:
    if ASKED:
        raise WorkflowError("\n".join(ASKED))


def masks_of(split):
    """The checked list of a split's masks: scores need those of validation pictures, and no others."""
    return f"{DATA}/masks_{split}.csv"


def artifact(variant, seed, file):
    """Path of a file of one stage's variant."""
    return f"{RESULTS}/{variant.stage}/{variant.name}/seed-{seed}/{file}"


def settings_of(stage):
    """For ``params:``: the settings that matter up to this stage, of the variant named by the wildcard."""
    return lambda wildcards: PLAN.lookup(stage, wildcards.variant).relevant


def upstream(stage, role, file):
    """For ``input:``: a file of the upstream variant that the wildcard's variant of ``stage`` is computed from."""

    def path(wildcards):
        variant = PLAN.lookup(stage, wildcards.variant)
        return artifact(PLAN.upstream(variant, role), wildcards.seed, file)

    return path


def results_of(experiment, file, role="evaluation", **deltas):
    """The files of an experiment's stage, one for each seed of the config; where none matters, the first's for all."""
    settings = PLAN.settings(experiment, **deltas)
    variant = PLAN.variant(role, settings)
    trained = settings["segmentation.supervision"] != "checkpoint"
    return [artifact(variant, seed if trained else CONFIG.seeds[0], file) for seed in CONFIG.seeds]


def memory(backbone, small, large):
    """For ``mem_mb:``: a network of the paper's size needs more than the small backbone."""
    return small if backbone == "efficientnet_lite0" else large
