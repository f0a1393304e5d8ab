#!/usr/bin/env python3
"""A stage of one's own in ten lines: is the picture sharp? Says so for each frame in <camera>/sharpness: stage.py cam0"""
import sys

import numpy as np
import vedette

camera = sys.argv[1] if len(sys.argv) > 1 else "cam0"

with vedette.publish(f"{camera}/sharpness", shape=(1,), dtype=np.float32) as sharpness:
    for frame in vedette.subscribe(f"{camera}/frames", vedette.Frame, fps=10):
        luma = frame.planes[0][::4, ::4].astype(np.float32)  # only this quarter is copied
        sharpness.publish([np.diff(luma, axis=0).std()], frame)  # under the frame's own id: others find it by that
