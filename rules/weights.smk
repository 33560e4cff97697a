"""Weights from elsewhere: fetched if they are missing, and converted; declared inputs of all that starts from them."""

import re

from wsss.backbone_names import classifier_backbone, segmentation_backbone
from wsss.weight_files import by_hand

WEIGHTS = CONFIG.weights.folder
MSCOCO = f"{WEIGHTS}/{Path(CONFIG.weights.coco).stem}.safetensors"
RESNET38 = f"{WEIGHTS}/{Path(CONFIG.weights.resnet38).stem}.safetensors"
START = {
    "vgg16": f"{WEIGHTS}/{CONFIG.weights.vgg16}",
    "vgg16_deeplab": f"{WEIGHTS}/{CONFIG.weights.vgg16}",
    "resnet101": f"{WEIGHTS}/{CONFIG.weights.resnet101}",
    "resnet101_caffe": MSCOCO,
    "resnet38": RESNET38,
}


def initial_weights(backbone, stage=None):
    """For ``input:``: the file that a network starts from; none for a backbone that brings its weights along."""

    def path(wildcards):
        settings = PLAN.lookup(stage or wildcards.round, wildcards.variant).settings
        return START.get(backbone(settings), [])

    return path


def weights_digest(backbone, stage=None):
    """For ``params:``: the configured checksum of the file that a network starts from, if it is a file from elsewhere."""

    def digest(wildcards):
        file = initial_weights(backbone, stage)(wildcards)
        return source_of(os.path.basename(file))["digest"] if file else None

    return digest


def released(wildcards):
    """The checkpoint that an experiment scores without training."""
    settings = PLAN.lookup("checkpoint", wildcards.variant).settings
    return f"{WEIGHTS}/{settings['segmentation.checkpoint']}"


def source_of(file):
    """The configured address and checksum of a file of weights."""
    known = CONFIG.weights.files.get(file)
    return {"url": known.url, "digest": known.sha256} if known else {"url": None, "digest": None}


THIRD_PARTY = {getattr(CONFIG.weights, n) for n in ("vgg16", "resnet101", "resnet38", "coco")}
THIRD_PARTY |= {
    v.settings["segmentation.checkpoint"] for (s, _), v in PLAN.known.items() if s == "checkpoint"
}
# A file that is there has no rule: nothing could then replace what a user has put there, not even --forceall.
MISSING_WEIGHTS = [f for f in sorted(THIRD_PARTY) if not os.path.exists(f"{WEIGHTS}/{f}")]


def placed_by_hand(wildcards):
    """The sentence that asks for a file which nothing can fetch, if it is one."""
    file = Path(WEIGHTS) / wildcards.weights
    return [s for s in [by_hand(file, source_of(wildcards.weights)["url"])] if s]


rule fetch_weights:
    input:
        code=code("fetch_weights.py"),
    output:
        weights=f"{WEIGHTS}/{{weights}}",
    log:
        f"{LOGS}/fetch_weights/{{weights}}.txt",
    benchmark:
        f"{BENCHMARKS}/fetch_weights/{{weights}}.tsv"
    wildcard_constraints:
        weights="|".join(map(re.escape, MISSING_WEIGHTS)) or "(?!)",
    priority: asking(placed_by_hand)
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
    params:
        source=lambda w: source_of(w.weights),
    script:
        "../workflow/scripts/fetch_weights.py"


rule convert_weights:
    input:
        code=code("convert_weights.py"),
        source=f"{WEIGHTS}/{CONFIG.weights.coco}",
    output:
        weights=MSCOCO,
    log:
        f"{LOGS}/convert_weights/log.txt",
    benchmark:
        f"{BENCHMARKS}/convert_weights/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
    params:
        source=source_of(CONFIG.weights.coco),
    script:
        "../workflow/scripts/convert_weights.py"


rule convert_resnet38:
    input:
        code=code("convert_resnet38.py"),
        source=f"{WEIGHTS}/{CONFIG.weights.resnet38}",
    output:
        weights=RESNET38,
    log:
        f"{LOGS}/convert_resnet38/log.txt",
    benchmark:
        f"{BENCHMARKS}/convert_resnet38/job.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=3000,
    params:
        source=source_of(CONFIG.weights.resnet38),
    script:
        "../workflow/scripts/convert_resnet38.py"


# A network that somebody else has trained: evaluated like ours.
rule convert_checkpoint:
    input:
        code=code("convert_checkpoint.py"),
        classes=CLASSES,
        source=released,
    output:
        checkpoint=f"{RESULTS}/checkpoint/{{variant}}/seed-{{seed}}/model.safetensors",
        provenance=f"{RESULTS}/checkpoint/{{variant}}/seed-{{seed}}/provenance.json",
    log:
        f"{LOGS}/convert_checkpoint/{{variant}}_seed-{{seed}}.txt",
    benchmark:
        f"{BENCHMARKS}/convert_checkpoint/{{variant}}_seed-{{seed}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=settings_of("checkpoint"),
        source=lambda w: source_of(os.path.basename(released(w))),
    script:
        "../workflow/scripts/convert_checkpoint.py"
