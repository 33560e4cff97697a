"""NSROM as the workflow knows it."""

from wsss.method_types import Measured, Method, Settings, Stage


def _labels(settings: Settings) -> str:
    return "pseudo_labels" if settings["mining.enabled"] else "initial_labels"


def _unused(stage: str, settings: Settings) -> set[str]:
    unused = set()
    if not settings["classifier.global_reasoning"]:
        unused |= {"classifier.nodes", "classifier.reasoning_rule", "classifier.reasoning_scale"}
    if not settings["masking.mask"]:
        unused |= {"masking.kernel", "masking.saliency_threshold"}
    return unused


METHOD = Method(
    title="NSROM",
    supervision=lambda settings: "I+S",
    stages={
        "classifier": Stage((), ("classifier.", "attention.", "cam.align_corners")),
        "cams": Stage(("classifier",), ("cam.scales", "cam.align_corners")),
        "integral": Stage(("classifier",), ("integral.",)),
        "integral_cams": Stage(("integral",), ("cam.integral_scales", "cam.align_corners")),
        "initial_labels": Stage(("integral_cams",), ("fusion.", "cam.align_corners")),
        "pseudo_labels": Stage(
            ("initial_labels", "cams"), ("mining.", "fusion.minimum_foreground", "cam.align_corners")
        ),
        "masked_labels": Stage(("predictions", "labels"), ("masking.",)),
    },
    labels=_labels,
    measured=(
        Measured("cams", "cam", "CAM", "maps"),
        Measured("integral_cams", "oa_cam", "OA-CAM", "maps"),
        Measured("initial_labels", "initial", "initial label"),
        Measured("pseudo_labels", "mined", "mined label (POM)"),
        Measured("masked_labels", "masked", "masked label (NSRM)"),
    ),
    chosen_by=frozenset({"mining.enabled"}),  # names are from before there was a second method
    unused=_unused,
)
