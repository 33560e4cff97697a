"""The saliency-free model with generic features as the workflow knows it."""

from wsss.method_types import Measured, Method, Settings, Stage


def _unused(stage: str, settings: Settings) -> set[str]:
    if settings["generic.crf"]:
        return {"prediction.crf.enabled"}
    return {k for k in settings if k.startswith("prediction.crf.")}


METHOD = Method(
    title="generic features",
    supervision=lambda settings: "I",
    stages={
        "patterns": Stage(
            ("image_classifier",),
            ("generic.block", "generic.input_scale", "generic.images_per_class", "generic.sign", "cam.align_corners"),
        ),
        "projections": Stage(("patterns", "image_classifier")),
        "estimated_masks": Stage(
            ("projections",), ("generic.crf", "generic.silent", "prediction.crf.", "cam.align_corners")
        ),
    },
    labels=lambda settings: "estimated_masks",
    measured=(Measured("estimated_masks", "estimated", "estimated mask"),),
    labels_validation=True,
    unused=_unused,
)
