#!/usr/bin/python3 -B
"""A contestant that is several programs: vedette-record on four cameras, or a bare remux of the same packets (bench/record/main.cpp).

record_run.py --bin BIN FIGURE  is a contestant as bench/stage.py has them.
"""
import subprocess
import time

import stage as stages
from stage import Failed

CAMERAS = 4
SETTLE_S = 2.0
SEGMENT_S = 10  # a round has the end of one file a camera, six times as many as the default has
MEASURE_S = 10.0


def clip_of(stage):
    """1080p30, 8 Mbit/s of H.264, a keyframe a second."""
    path = stage.folder / "clip.mkv"
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-maxrate", "8M", "-bufsize", "8M", "-g", "30", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30", "-t", "4", *encoder, path]
    if subprocess.run(command, check=False).returncode != 0:
        raise Failed("ffmpeg can't make a clip of H.264")
    return path


def measured(stage, process):
    time.sleep(SETTLE_S)
    return stage.cpu_ms_per_s(process, MEASURE_S), "ms"


def record(stage):
    """vedette-record, continuous recording of four cameras: CPU, ms a second."""
    clip = clip_of(stage)
    extra = f"storage:\n  dir: {stage.folder}/storage\nrecord:\n  continuous: true\n  segment: {SEGMENT_S}s\n  least_free: 0B\n"
    config = stage.configure(["bus:"] * CAMERAS, extra=extra)
    stage.start_helper("cameras", stage.bus, clip, CAMERAS)
    return measured(stage, stage.start(stage.bin / "vedette-record", "-c", config))


def remux(stage):
    clip = clip_of(stage)
    return measured(stage, stage.start_helper("remux", stage.folder, clip, CAMERAS, SEGMENT_S))


if __name__ == "__main__":
    stages.main({"record": record, "remux": remux}, "bench_record", __doc__)
