#!/usr/bin/env python3
"""Who is there? Prints what the detector finds, and how bright the frame is that it found it on: watch.py cam0"""
import sys

import vedette

camera = sys.argv[1] if len(sys.argv) > 1 else "cam0"

with vedette.subscribe(f"{camera}/frames", vedette.Frame, fps=5) as frames:
    for found in vedette.subscribe(f"{camera}/detections", vedette.Detections):
        frame = frames.find(found.frame_id)  # the picture these boxes belong to, as long as it is there; no copy
        light = f"light {frame.planes[0].mean():.0f}" if frame else "picture gone"
        print(f"{found.age * 1000:4.0f} ms ago, {light}:", ", ".join(f"{box.label} {box.score:.2f}" for box in found), flush=True)
