"""NSROM as the workflow knows it."""

from wsss.method_types import Measured, Method, Settings, Stage


def _mining_maps(settings: Settings) -> str:
    # Without mining no maps are needed: then it is those behind the initial label, which are there anyway.
    return "cams" if settings["mining.enabled"] else "integral_cams"


def _unused(stage: str, settings: Settings) -> set[str]:
    unused = set()
    if not settings["classifier.global_reasoning"]:
        unused |= {"classifier.nodes", "classifier.reasoning_rule", "classifier.reasoning_scale"}
    if not settings["mining.enabled"]:
        unused |= {"mining.background", "mining.rule"}
    if not settings["masking.mask"]:
        unused |= {"masking.kernel", "masking.saliency_threshold"}
    return unused


FUSION = ("foreground", "conflict", "uncertain_saliency", "confident_attention")

METHOD = Method(
    title="NSROM",
    supervision=lambda settings: "I+S",
    stages={
        "classifier": Stage((), ("classifier.", "attention.", "cam.align_corners")),
        "cams": Stage(("classifier",), ("cam.scales", "cam.align_corners")),
        "integral": Stage(("classifier",), ("integral.",)),
        "integral_cams": Stage(("integral",), ("cam.integral_scales", "cam.align_corners")),
        "initial_labels": Stage(("integral_cams",), (*(f"fusion.{k}" for k in FUSION), "cam.align_corners")),
        "pseudo_labels": Stage(
            ("initial_labels", "mining_maps"), ("mining.", "fusion.minimum_foreground", "cam.align_corners")
        ),
        "masked_labels": Stage(("predictions", "labels"), ("masking.",)),
    },
    labels=lambda settings: "pseudo_labels",
    measured=(
        Measured("cams", "cam", "CAM", "maps"),
        Measured("integral_cams", "oa_cam", "OA-CAM", "maps"),
        Measured("initial_labels", "initial", "initial label"),
        Measured("pseudo_labels", "mined", "pseudo label"),
        Measured("masked_labels", "masked", "masked label (NSRM)"),
    ),
    chosen_by=frozenset(),  # a label without a method's name is NSROM's
    roles={"mining_maps": _mining_maps},
    unused=_unused,
)
