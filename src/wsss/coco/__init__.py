"""MS-COCO's instance annotations in the one on-disk form: 80 classes and background."""
