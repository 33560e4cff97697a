"""SMVWE as the workflow knows it."""

from wsss.method_types import Measured, Method, Settings, Stage


def _score(settings: Settings) -> str:
    # A constant needs no stage: then it is the maps, which are there anyway.
    return "background_score" if settings["smvwe.background_by"] == "saliency" else "word_maps"


def _supervision(settings: Settings) -> str:
    saliency = settings["smvwe.saliency_feedback"] or settings["smvwe.background_by"] == "saliency"
    return "I+S" if saliency else "I"


def _unused(stage: str, settings: Settings) -> set[str]:
    unused = {
        "word_encoder": {"smvwe.scales", "smvwe.mirror", "smvwe.background_by", "smvwe.background_score"},
        "word_labels": {"smvwe.background_score"} if settings["smvwe.background_by"] == "saliency" else set(),
    }.get(stage, set())
    if not settings["smvwe.saliency_feedback"]:
        unused = unused | {"smvwe.mu", "smvwe.delta", "smvwe.background_channel"}
    squashed = settings["smvwe.crop_size"] is None
    return unused | ({"smvwe.long_side"} if squashed else {"classifier.image_size"})


def _problem(settings: Settings) -> str | None:
    if not settings["smvwe.image_loss"] and not settings["smvwe.saliency_feedback"]:
        return "smvwe.image_loss and smvwe.saliency_feedback are both false: nothing trains the maps; set one of them."
    low, high = settings["smvwe.long_side"]
    return f"smvwe.long_side is [{low}, {high}]: give the shorter side first." if low > high else None


METHOD = Method(
    title="SMVWE",
    supervision=_supervision,
    stages={
        "word_encoder": Stage(
            (),
            (
                "classifier.backbone",
                "classifier.output_stride",
                "classifier.image_size",
                "classifier.jitter",
                "cam.align_corners",
                "smvwe.",
            ),
        ),
        "word_maps": Stage(("word_encoder",), ("smvwe.scales", "smvwe.mirror")),
        "background_score": Stage(("word_maps",)),
        "word_labels": Stage(("word_maps", "score"), ("smvwe.background_by", "smvwe.background_score")),
    },
    labels=lambda settings: "word_labels",
    measured=(Measured("word_labels", "word_label", "label from maps"),),
    labels_validation=True,
    roles={"score": _score},
    unused=_unused,
    problem=_problem,
)
