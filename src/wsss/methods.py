"""The methods, by the name that the setting ``method`` gives them.  This is the only list of them."""

from wsss.generic.method import METHOD as GENERIC
from wsss.method_types import Measured, Method, Settings, Stage
from wsss.nsrom.method import METHOD as NSROM
from wsss.smvwe.method import METHOD as SMVWE

METHODS: dict[str, Method] = {"nsrom": NSROM, "generic": GENERIC, "smvwe": SMVWE}

PLAIN_CLASSIFIER = ("backbone", "output_stride", "image_size", "jitter", "epochs", "batch_size", "optimiser.")
# What methods share: the plain classifier, if they use it, and all from the first round on.  "labels", "second_labels"
# and "model" are roles (``wsss.variants.resolve``).
SHARED = {
    # Not all of the section: it holds what only NSROM's network has as well.
    "image_classifier": Stage((), (*(f"classifier.{k}" for k in PLAIN_CLASSIFIER), "cam.align_corners")),
    "round1": Stage(("labels",), ("segmentation.",)),
    "predictions": Stage(("round1",), ("prediction.", "first_round.")),
    "round2": Stage(("second_labels",), ("segmentation.", "retraining.")),
    "fully_supervised": Stage((), ("segmentation.",)),
    "checkpoint": Stage((), ("segmentation.",)),
    "evaluation": Stage(("model",), ("prediction.",)),
}
OWNERS = {stage: method for method in METHODS.values() for stage in method.stages}
STAGES = SHARED | {stage: method.stages[stage] for stage, method in OWNERS.items()}
ROLES = {role: choose for method in METHODS.values() for role, choose in method.roles.items()}


def supervision(settings: Settings) -> str:
    """What trains an experiment: "masks", "I" (image-level labels) or "I+S" (saliency maps as well).

    The initial weights called ``coco`` belong to a network that was trained on MS-COCO's masks: "… + MS-COCO masks".
    """
    full = settings["segmentation.supervision"] == "full"
    labels = "masks" if full else METHODS[settings["method"]].supervision(settings)
    return f"{labels} + MS-COCO masks" if settings["segmentation.init"] == "coco" else labels


def _in_order() -> list[Measured]:
    """What is measured: labels of the methods, then predictions, then labels that are made from these."""
    own = [m for method in METHODS.values() for m in method.measured]
    later = [m for m in own if "predictions" in STAGES[m.stage].upstream]
    first = [m for m in own if m not in later]
    return [*first, Measured("predictions", "predictions", "first-round prediction"), *later]


MEASURED = _in_order()


def trained_by(settings: Settings) -> str:
    """What an experiment's network learns from: a method, or what takes its place ("full", "checkpoint")."""
    supervision = settings["segmentation.supervision"]
    return settings["method"] if supervision == "image_labels" else supervision
