#!/usr/bin/env python3
"""This program is the camera: a video or photo of any kind becomes <camera>/frames: be_the_camera.py cam0 FILE [SECONDS]

In vedette.yaml: cameras: { cam0: { url: "bus:" } }. Needs the program ffmpeg.
"""
import subprocess
import sys
import time

import numpy as np
import vedette

camera, file = sys.argv[1:3]
end = time.monotonic() + float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
width, height = 640, 480

# 10 pictures a second, again and again.
reading = f"ffmpeg -v error -nostdin -re -stream_loop -1 -i {file} -vf fps=10,scale={width}:{height} -pix_fmt bgr24 -f rawvideo -"
with subprocess.Popen(reading.split(), stdout=subprocess.PIPE) as ffmpeg, vedette.camera(camera, width, height, "BGR24") as cam:
    while time.monotonic() < end and (pixels := ffmpeg.stdout.read(width * height * 3)):
        with cam.loan() as frame:  # a slot of the bus; leaving the block publishes it
            frame.array[:] = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
    ffmpeg.kill()
