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


def _in_order() -> list[Measured]:
    """What is measured: labels of the methods, then predictions, then labels that are made from these."""
    own = [m for method in METHODS.values() for m in method.measured]
    later = [m for m in own if "predictions" in STAGES[m.stage].upstream]
    first = [m for m in own if m not in later]
    return [*first, Measured("predictions", "predictions", "first-round prediction"), *later]


MEASURED = _in_order()


def supervision_of(settings: Settings) -> str:
    """What trains an experiment, in the words of tables.

    I: image-level labels; S: saliency maps as well; masks: true masks.  Weights trained on MS-COCO's masks are
    supervision too.
    """
    if settings["segmentation.supervision"] == "full":
        trained = "masks"
    elif settings["segmentation.supervision"] == "checkpoint":
        trained = "I+S"  # of the network that NSROM's authors released
    else:
        trained = METHODS[settings["method"]].supervision(settings)
    return f"{trained} + MS-COCO masks" if settings["segmentation.init"] == "coco" else trained
