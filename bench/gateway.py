"""The gateway: every row of build/bench/gateway.json, and what has to hold (docs/benchmarks.md tells what a figure is)."""
import pathlib

from measure import Entry, Row

HERE = pathlib.Path(__file__).resolve().parent


def rows(bin_dir):
    """Everything to compare."""

    def run(figure):
        return Entry((str(HERE / "gateway_run.py"), "--bin", str(bin_dir)), figure)

    return [
        Row("1080p30 MJPEG, a viewer, CPU of a delivered picture: each picture encoded anew", run("passed:1"), run("encoded_anew:1"), 0.1),
        Row("the same, 10 viewers: each picture encoded once for all", run("passed:10"), run("encoded_anew:10")),
        Row("1080p30 MJPEG, 50 viewers, CPU of a delivered KiB: a bare send() loop", run("served:50"), run("sent:50"), 1.5),
        Row("raw 1080p30, bytes of a picture, pedestrian clip: MJPEG of quality 80", run("clip_encoded"), run("clip_jpeg"), 0.2),
        Row("SSIM that it has less than MJPEG of quality 80: 0.01", run("clip_loss"), Entry(bound=0.01, unit="SSIM"), 1.0),
    ]
