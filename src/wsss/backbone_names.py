"""Which form of a backbone the settings mean; it decides which weights a network starts from."""


def classifier_backbone(settings: dict) -> str:
    """The name for ``build_backbone`` of dotted ``classifier.*`` settings."""
    return settings["classifier.backbone"]


def segmentation_backbone(settings: dict) -> str:
    """The same of ``segmentation.*``: MS-COCO's weights need the caffe form, DeepLab's VGG-16 has pools of its own."""
    name = settings["segmentation.backbone"]
    if settings["segmentation.init"] == "coco":
        return f"{name}_caffe"
    return "vgg16_deeplab" if name == "vgg16" else name
