"""Weakly supervised semantic segmentation from image-level labels: methods and what they share."""

__version__ = "0.1.0"
