#!/usr/bin/python3 -B
"""A contestant that is several programs: vedette-capture on a camera, and whoever reads it (bench/capture/main.cpp tells who).

capture_run.py --bin BIN FIGURE  is a contestant as bench/stage.py has them.
"""
import contextlib
import http.server
import threading
import time

import stage as stages
from stage import Failed

FPS = 30
SETTLE_S = 2.0  # opening, the first picture, caches
CAMERAS = 8


class MultipartCamera:
    """A camera as many are: one JPEG after the other over HTTP, at its own rate. Runs in a thread for as long as the block."""

    def __init__(self, picture, fps=FPS):
        part = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n"

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
                self.send_header("Connection", "close")
                self.end_headers()
                due = time.monotonic()
                with contextlib.suppress(ConnectionError):
                    while True:
                        self.wfile.write(part)
                        due += 1 / fps
                        time.sleep(max(0.0, due - time.monotonic()))

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def capture(stage, config, camera="cam0"):
    """vedette-capture beside vedette-control, as `vedette up` has them; the former's process."""
    stage.start(stage.bin / "vedette-control", "-c", config)
    return stage.start(stage.bin / "vedette-capture", "-c", config, "--camera", camera)


def clip_of(stage, width=1920, height=1080, fps=FPS, seconds=3):
    path = stage.folder / "clip.mkv"
    stage.run("clip", path, width, height, fps, seconds)
    return path


@contextlib.contextmanager
def camera(stage, kind):
    """The URL of a 1080p30 camera of MJPEG: over HTTP, or a clip that is played at its pace."""
    if kind == "file":
        yield str(clip_of(stage))
    else:
        picture = stage.folder / "picture.jpg"
        stage.run("picture", picture, 1920, 1080)
        with MultipartCamera(picture.read_bytes()) as url:
            yield url


def nobody(stage, kind):
    """Capture with nobody who wants pixels: CPU, ms a second."""
    with camera(stage, kind) as url:
        process = capture(stage, stage.configure([url]))
        time.sleep(SETTLE_S)
        return stage.cpu_ms_per_s(process), "ms"


def copy(stage, kind):
    """The bare loop over the same packets: CPU, ms a second."""
    with camera(stage, kind) as url:
        process = stage.start_helper("copy", url)
        time.sleep(SETTLE_S)
        return stage.cpu_ms_per_s(process), "ms"


def standby(stage):
    """What three pictures a second add to that: CPU, ms a second."""
    with camera(stage, "file") as url:
        process = capture(stage, stage.configure([url]))
        time.sleep(SETTLE_S)
        alone = stage.cpu_ms_per_s(process)
        stage.start_helper("pixels", stage.bus, "cam0", "3")
        time.sleep(1)
        return stage.cpu_ms_per_s(process) - alone, "ms"


def three_decodes(stage):
    """The same picture decoded three times, measured alone: CPU, ms."""
    return 3 * stage.run_program(stage.bin / "bench_vedette", "planes_soft_seldom") / 1e3, "ms"


def mode_change(stage):
    """From a demand's change to the first picture drawn after it, the longest of some changes: ms."""
    capture(stage, stage.configure([f"synthetic:?size=1280x720&fps={FPS}"]))
    return stage.run("mode_change", stage.bus, "cam0", FPS, 12), "ms"


def eight_cameras(stage):
    """Eight cameras of 720p15 and a detector that takes what is left, on two cores: the mean period of the slowest one's packets, ms."""
    model = stage.bin.parent / "models" / "nanodet_g_416.onnx"
    if not model.exists():
        raise FileNotFoundError(model)
    clip = clip_of(stage, 1280, 720, 15)
    config = stage.configure([clip] * CAMERAS, detect=True, extra=f"detect:\n  model: {model}\n")
    two_cores = ["/usr/bin/taskset", "-c", "0,1"]
    for number in range(CAMERAS):
        stage.start(*two_cores, stage.bin / "vedette-capture", "-c", config, "--camera", f"cam{number}")
    detect = stage.start(*two_cores, stage.bin / "vedette-detect", "-c", config)
    time.sleep(3)
    before = stages.cpu_ns(detect.pid)
    value = stage.run("packets", stage.bus, 6, *[f"cam{number}" for number in range(CAMERAS)])
    if detect.poll() is not None or stages.cpu_ns(detect.pid) == before:
        raise Failed(f"nothing was detected meanwhile: {stage.said()}")
    return value, "ms"


FIGURES = {
    "nobody_http": lambda stage: nobody(stage, "http"),
    "nobody_file": lambda stage: nobody(stage, "file"),
    "copy_http": lambda stage: copy(stage, "http"),
    "copy_file": lambda stage: copy(stage, "file"),
    "standby": standby,
    "three_decodes": three_decodes,
    "mode_change": mode_change,
    "eight_cameras": eight_cameras,
}


if __name__ == "__main__":
    stages.main(FIGURES, "bench_capture", "One round of a figure of vedette-capture.")
