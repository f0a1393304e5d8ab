"""Cameras: every row of build/bench/capture.json, and what has to hold (docs/benchmarks.md tells what a figure is)."""
import pathlib

from measure import Entry, Row

HERE = pathlib.Path(__file__).resolve().parent
FRAME_PERIOD_MS = 1000 / 30
PACKET_PERIOD_MS = 1000 / 15

# figure, name, peer's words, goal: the largest ratio ours / peer that holds. One process each: bench_vedette against bench_baseline.
DECODING = [
    ("tensor_detailed", "1080p MJPEG → tensor 384², detailed picture", "RGB, frame write, preprocess", 0.65),
    ("tensor_soft", "1080p MJPEG → tensor 384², soft picture", "RGB, frame write, preprocess", 0.5),
    ("planes_detailed", "1080p MJPEG → slot, full size, detailed picture", "RGB and a copy", 0.9),
    ("planes_soft", "1080p MJPEG → slot, full size, soft picture", "RGB and a copy", 0.8),
]


def rows(bin_dir):
    """Everything to compare."""

    def program(name, figure):
        return Entry((str(bin_dir / name),), figure)

    def capture(figure):
        return Entry((str(HERE / "capture_run.py"), "--bin", str(bin_dir)), figure)

    table = [Row(f"{name}: {peer}", program("bench_vedette", figure), program("bench_baseline", figure), goal) for figure, name, peer, goal in DECODING]
    return [
        *table,
        Row("nobody wants pixels, 1080p30 over HTTP, CPU a second: bare read and copy", capture("nobody_http"), capture("copy_http"), 1.2),
        Row("nobody wants pixels, 1080p30 from a file, CPU a second: bare read and copy", capture("nobody_file"), capture("copy_file"), 1.2),
        Row("standby, what 3 pictures a second add, CPU a second: three decodes", capture("standby"), capture("three_decodes"), 1.3),
        Row("mode change → first picture drawn after it, longest of 12: one frame period", capture("mode_change"), Entry(bound=FRAME_PERIOD_MS, unit="ms"), 1.2),
        Row("8 cameras of 720p15 and detection on 2 cores, slowest camera's packet period: 1/15 s", capture("eight_cameras"), Entry(bound=PACKET_PERIOD_MS, unit="ms"), 1.02),
    ]
