"""The saliency-free model with generic features as the workflow knows it."""

from wsss.method_types import Measured, Method, Settings, Stage


def _unused(stage: str, settings: Settings) -> set[str]:
    if settings["generic.crf"]:
        return {"prediction.crf.enabled"}
    return {k for k in settings if k.startswith("prediction.crf.")}


def _problem(settings: Settings) -> str | None:
    if settings["segmentation.supervision"] == "image_labels" and settings["retraining.retrain_on"] == "masked":
        return (
            "retraining.retrain_on is masked, but method is generic, which has no saliency to mask with: set it to "
            "predictions or none."
        )
    return None


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
    unused=_unused,
    problem=_problem,
)
