"""PASCAL VOC 2012 with SBD's masks: from the archives, or folders, to the one on-disk form; and to the VOC server."""
