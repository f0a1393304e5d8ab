"""The bus against others: every row of build/bench/bus.json, and what has to hold (docs/benchmarks.md tells what a figure is)."""
import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

from measure import Entry, Row

FIGURES = {
    "spin_64": "publish → reader holds it, spinning",
    "block_64": "publish → reader holds it, blocked",
    "frame_1080p": "1080p RGB from memory into the bus and delivered",
    "take": "take, check and release a new frame",
    "pin": "pin and unpin",
    "detections_0": "detections round trip, 0 boxes",
    "detections_1": "detections round trip, 1 box",
    "detections_5": "detections round trip, 5 boxes",
    "detections_20": "detections round trip, 20 boxes",
    "detections_100": "detections round trip, 100 boxes",
    "reader_killed": "small reader killed → its slot back in use",
    "publish_16_idle": "publish with 16 readers, none blocked",
    "loan_publish_16_idle": "the same, loan and writing counted",
    "publish_16_blocked": "publish with 16 readers, all blocked",
    "stopped_1_of_16": "one of 16 readers stopped: drops and others' missed",
    "vehicle_800x600": "800 × 600 × 3, camera process → detection process, spinning",
    "vehicle_800x600_written": "the same, and the camera's writing counted",
}

PEERS = {
    "cache-line ping-pong": ("bench_primitives",),
    "bare futex": ("bench_primitives",),
    "bare wake of 16": ("bench_primitives",),
    "locked read-modify-write": ("bench_primitives",),
    "POSIX mqueue": ("bench_primitives", "--queue"),
    "copy-based baseline": ("bench_baseline",),
    "copy-based baseline, no trace context": ("bench_baseline", "--untraced"),
    "iceoryx": ("bench_iceoryx", "--history", "1"),
    "iceoryx, history 0": ("bench_iceoryx", "--history", "0"),
    "iceoryx2": ("bench_iceoryx2",),
    "ZeroMQ ipc": ("bench_zeromq",),
    "ZeroMQ tcp": ("bench_zeromq", "--tcp"),
}

# figure, peer, goal: the largest ratio ours / peer that holds; None: reported.
GOALS = [
    ("spin_64", "cache-line ping-pong", 4.0),
    ("spin_64", "iceoryx", 0.4),
    ("spin_64", "iceoryx2", 1.0),
    ("spin_64", "ZeroMQ ipc", None),
    ("spin_64", "ZeroMQ tcp", None),
    ("block_64", "bare futex", 1.1),
    ("block_64", "iceoryx", 1.0),
    ("block_64", "iceoryx2", 1.0),
    ("block_64", "POSIX mqueue", None),
    ("block_64", "ZeroMQ ipc", None),
    ("block_64", "ZeroMQ tcp", None),
    ("frame_1080p", "copy-based baseline", 0.6),
    ("frame_1080p", "iceoryx", 1.0),
    ("frame_1080p", "iceoryx, history 0", None),
    ("frame_1080p", "iceoryx2", None),
    ("frame_1080p", "ZeroMQ ipc", None),
    ("take", "copy-based baseline", 1.0),
    ("take", "copy-based baseline, no trace context", None),
    ("pin", "locked read-modify-write", 2.0),
    ("detections_0", "copy-based baseline", 1.0),
    ("detections_0", "copy-based baseline, no trace context", None),
    ("detections_1", "copy-based baseline", 0.6),
    ("detections_1", "copy-based baseline, no trace context", None),
    ("detections_5", "copy-based baseline", 0.4),
    ("detections_5", "copy-based baseline, no trace context", None),
    ("detections_20", "copy-based baseline", 0.15),
    ("detections_20", "copy-based baseline, no trace context", None),
    ("detections_100", "copy-based baseline", 0.07),
    ("detections_100", "copy-based baseline, no trace context", None),
    ("reader_killed", "iceoryx", 0.02),
    ("publish_16_blocked", "bare wake of 16", 1.1),
    ("vehicle_800x600", "ZeroMQ tcp", 0.05),
    ("vehicle_800x600", "ZeroMQ ipc", None),
    ("vehicle_800x600", "iceoryx", None),
    ("vehicle_800x600", "iceoryx2", None),
]


def iceoryx_version():
    """"iceoryx 2.0.3", as the daemon says; without one "iceoryx"."""
    try:
        said = subprocess.run(["iox-roudi", "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (FileNotFoundError, subprocess.TimeoutExpired):
        said = ""
    return " ".join(["iceoryx", *re.findall(r"\d+\.\d+\.\d+", said)[:1]])


def rows(bin_dir, peer_dir=None):
    """Everything to compare. `peer_dir` (VD_PEER_DIR): a folder of programs that follow the contract, for rows that are reported."""

    def entry(program, figure):
        return Entry((str(bin_dir / program[0]), *program[1:]), figure)

    def ours(figure):
        return entry(("bench_vedette",), figure)

    version = iceoryx_version()
    table = [Row(f"{FIGURES[figure]}: {re.sub('iceoryx(?!2)', version, peer)}", ours(figure), entry(PEERS[peer], figure), goal) for figure, peer, goal in GOALS]
    table += [
        Row(f"{FIGURES['publish_16_idle']}: one reader", ours("publish_16_idle"), ours("publish_1_idle"), 2.0),
        Row(f"{FIGURES['loan_publish_16_idle']}: one reader", ours("loan_publish_16_idle"), ours("loan_publish_1_idle")),
        Row(f"{FIGURES['stopped_1_of_16']}: none", ours("stopped_1_of_16"), Entry(bound=0.0, unit="count"), 0.0),
        Row(f"{FIGURES['vehicle_800x600']}: the vehicle's bound", ours("vehicle_800x600"), Entry(bound=10.0, unit="us"), 1.0),
        Row(f"{FIGURES['vehicle_800x600_written']}: the vehicle's bound", ours("vehicle_800x600_written"), Entry(bound=10.0, unit="us")),
    ]
    programs = sorted(path for path in pathlib.Path(peer_dir).iterdir() if os.access(path, os.X_OK) and path.is_file()) if peer_dir else []
    table += [Row(f"{text}: {path.name}", ours(figure), Entry((str(path),), figure)) for path in programs for figure, text in FIGURES.items()]
    order = list(FIGURES)
    return sorted(table, key=lambda row: order.index(row.ours.figure))


def soak_rows(path):
    """(rows, notes) of the last `make soak`."""
    try:
        soak = json.loads(path.read_text())
        seconds, counts = soak["seconds"], {name: soak[name] for name in ("torn", "leaked", "wedged")}
    except FileNotFoundError:
        return [], ["torn, leaked, wedged: no rows, there was no `make soak SECONDS=600` here yet"]
    except (ValueError, KeyError, TypeError):
        return [], [f"torn, leaked, wedged: no rows, {path.name} isn't what `make soak` writes"]
    return [
        {
            "name": f"{name} in make soak SECONDS={seconds:g}",
            "ours": count,
            "peer": 0,
            "unit": "count",
            "ratio": count,
            "interval": [count, count],
            "goal": 0,
            "holds": count == 0,
        }
        for name, count in counts.items()
    ], []


PR_SET_PDEATHSIG = 1  # linux/prctl.h


def needs_roudi(entry):
    return bool(entry.program) and entry.program[0].endswith("/bench_iceoryx")


class RouDi:
    """iceoryx's daemon with the benchmarks' pools, for as long as the rounds take. Without it iceoryx has no rows."""

    def __init__(self, config, say):
        self._process = None
        try:
            self._process = subprocess.Popen(
                ["iox-roudi", "-c", str(config)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )
        except FileNotFoundError:
            say("no iox-roudi: no rows for iceoryx")
            return
        for line in self._process.stdout:
            if "ready for clients" in line:
                # What it says later must not fill the pipe and stop it.
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return
        say("RouDi does not start: is another one running, or /dev/shm full? No rows for iceoryx")
        self.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def running(self):
        return self._process is not None

    def stop(self):
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
