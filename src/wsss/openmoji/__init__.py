"""The embedded data set: scenes composed from OpenMoji art, with exact masks and imitated saliency maps."""

from wsss.openmoji.build import build

__all__ = ["build"]
