"""Input sizes at which feature maps lie exactly on the picture."""


def aligned_size(base: int, scale: float, stride: int) -> int:
    """``base · scale`` px, moved to the form ``stride·k + 1`` if ``base`` has it: its cells then meet the corners."""
    if (base - 1) % stride:
        return round(base * scale)
    return round((base - 1) * scale / stride) * stride + 1
