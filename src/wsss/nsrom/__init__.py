"""NSROM: non-salient region object mining (Yao et al., CVPR 2021), from image labels to a segmentation network."""
