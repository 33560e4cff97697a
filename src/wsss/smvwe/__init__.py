"""SMVWE (Guo et al., 2022): a saliency map and a visual word encoder train the network that draws class maps."""
