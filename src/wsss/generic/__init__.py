"""The saliency-free model with generic features (Luo & Yang, AAAI 2020): class patterns of a block's features."""
