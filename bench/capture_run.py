#!/usr/bin/python3
"""A contestant that is several programs: vedette-capture on a camera, and whoever reads it (bench/capture/main.cpp tells who).

capture_run.py --bin BIN FIGURE  prints one JSON line {"value": 1.5, "unit": "ms"} as bench/support/result.h has it. Exit code 3: something
that the figure needs isn't here. What it starts and writes is gone when it ends.
"""
import argparse
import contextlib
import ctypes
import http.server
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

UNSUPPORTED = 3
PR_SET_PDEATHSIG = 1  # linux/prctl.h
FPS = 30
SETTLE_S = 2.0  # opening, the first picture, caches
MEASURE_S = 4.0
CAMERAS = 8


class Failed(Exception):
    """A sentence."""


def cpu_ns(pid):
    """Processor time that the threads a process has now have used."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text().split()[0])
    return total


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


class Stage:
    """Programs around one bus directory, all gone at the end of the block."""

    def __init__(self, bin_dir):
        self.bin = bin_dir
        self._stack = contextlib.ExitStack()
        self.bus = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="vedette-bench-capture-")))
        self.folder = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="vedette-bench-")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, *command, log=None):
        """A program in the background; SIGTERM at the block's end."""
        if not pathlib.Path(command[0]).exists():
            raise FileNotFoundError(command[0])
        output = open(log or self.folder / "log", "a")  # noqa: SIM115: lives as long as the program
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=output,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )
        output.close()
        self._stack.callback(self._stop, process)
        return process

    @staticmethod
    def _stop(process):
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def bench(self, *words):
        return [self.bin / "bench_capture", *words]

    def run(self, *words):
        """A verb of bench_capture that ends by itself; its number."""
        done = subprocess.run([str(word) for word in self.bench(*words)], capture_output=True, text=True, timeout=50, check=False)
        if done.returncode != 0:
            raise Failed(f"{(done.stderr.strip().splitlines() or ['no word'])[-1]}; {self.said()}")
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1])["value"] if lines else None

    def said(self):
        log = self.folder / "log"
        return (log.read_text().strip().splitlines() or ["nothing was logged"])[-1] if log.exists() else "nothing was logged"

    def configure(self, urls, detect=False, extra=""):
        """vedette.yaml with cameras cam0, cam1, … of these URLs."""
        cameras = "".join(f"  cam{number}:\n    url: \"{url}\"\n    detect: {str(detect).lower()}\n" for number, url in enumerate(urls))
        path = self.folder / "vedette.yaml"
        path.write_text(f"bus:\n  dir: {self.bus}\ncameras:\n{cameras}{extra}")
        return path

    def capture(self, config, camera="cam0"):
        """vedette-capture beside vedette-control, as `vedette up` has them; the former's process."""
        self.start(self.bin / "vedette-control", "-c", config)
        return self.start(self.bin / "vedette-capture", "-c", config, "--camera", camera)

    def cpu_ms_per_s(self, process, seconds=MEASURE_S):
        if process.poll() is not None:
            raise Failed(f"a program ended: {self.said()}")
        began, before = time.monotonic(), cpu_ns(process.pid)
        time.sleep(seconds)
        if process.poll() is not None:
            raise Failed(f"a program ended: {self.said()}")
        spent = cpu_ns(process.pid) - before
        return spent / 1e6 / (time.monotonic() - began)

    def picture(self, width=1920, height=1080):
        path = self.folder / "picture.jpg"
        self.run("picture", path, width, height)
        return path.read_bytes()

    def clip(self, width=1920, height=1080, fps=FPS, seconds=3):
        path = self.folder / "clip.mkv"
        self.run("clip", path, width, height, fps, seconds)
        return path

    @contextlib.contextmanager
    def camera(self, kind):
        """The URL of a 1080p30 camera of MJPEG: over HTTP, or a clip that is played at its pace."""
        if kind == "file":
            yield str(self.clip())
        else:
            with MultipartCamera(self.picture()) as url:
                yield url


def nobody(stage, kind):
    """Capture with nobody who wants pixels: CPU, ms a second."""
    with stage.camera(kind) as url:
        process = stage.capture(stage.configure([url]))
        time.sleep(SETTLE_S)
        return stage.cpu_ms_per_s(process), "ms"


def copy(stage, kind):
    """The bare loop over the same packets: CPU, ms a second."""
    with stage.camera(kind) as url:
        process = stage.start(*stage.bench("copy", url))
        time.sleep(SETTLE_S)
        return stage.cpu_ms_per_s(process), "ms"


def standby(stage):
    """What three pictures a second add to that: CPU, ms a second."""
    with stage.camera("file") as url:
        process = stage.capture(stage.configure([url]))
        time.sleep(SETTLE_S)
        alone = stage.cpu_ms_per_s(process)
        stage.start(*stage.bench("pixels", stage.bus, "cam0", "3"))
        time.sleep(1)
        return stage.cpu_ms_per_s(process) - alone, "ms"


def three_decodes(stage):
    """The same picture decoded three times, measured alone: CPU, ms."""
    done = subprocess.run([stage.bin / "bench_vedette", "planes_soft_seldom"], capture_output=True, text=True, timeout=50, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    line = json.loads(done.stdout)
    return 3 * line["value"] / {"us": 1e3, "ms": 1.0}[line["unit"]], "ms"


def mode_change(stage):
    """From a demand's change to the first picture drawn after it, the longest of some changes: ms."""
    stage.capture(stage.configure([f"synthetic:?size=1280x720&fps={FPS}"]))
    return stage.run("mode_change", stage.bus, "cam0", FPS, 12), "ms"


def eight_cameras(stage):
    """Eight cameras of 720p15 and a detector that takes what is left, on two cores: the mean period of the slowest one's packets, ms."""
    model = stage.bin.parent / "models" / "nanodet_g_416.onnx"
    if not model.exists():
        raise FileNotFoundError(model)
    clip = stage.clip(1280, 720, 15)
    config = stage.configure([clip] * CAMERAS, detect=True, extra=f"detect:\n  model: {model}\n")
    two_cores = ["/usr/bin/taskset", "-c", "0,1"]
    for number in range(CAMERAS):
        stage.start(*two_cores, stage.bin / "vedette-capture", "-c", config, "--camera", f"cam{number}")
    detect = stage.start(*two_cores, stage.bin / "vedette-detect", "-c", config)
    time.sleep(3)
    before = cpu_ns(detect.pid)
    value = stage.run("packets", stage.bus, 6, *[f"cam{number}" for number in range(CAMERAS)])
    if detect.poll() is not None or cpu_ns(detect.pid) == before:
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


def main():
    parser = argparse.ArgumentParser(description="One round of a figure of vedette-capture.")
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="where the programs are")
    parser.add_argument("figure")
    options = parser.parse_args()
    if options.figure not in FIGURES or not shutil.which("taskset"):
        sys.exit(UNSUPPORTED)
    # Ends of the block are run when it is told to stop, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with Stage(options.bin.resolve()) as stage:
            value, unit = FIGURES[options.figure](stage)
    except FileNotFoundError as missing:
        print(f"{missing} isn't here", file=sys.stderr)
        sys.exit(UNSUPPORTED)
    except (Failed, subprocess.TimeoutExpired, OSError) as failure:
        sys.exit(f"capture_run.py: {failure}")
    print(json.dumps({"value": value, "unit": unit}))


if __name__ == "__main__":
    main()
