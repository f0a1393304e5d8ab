"""What a contestant that is several programs stands on: programs around one bus directory, started, watched and gone at the end.

A module with FIGURES (name → function of a Stage that returns (value, unit)) is such a contestant by `stage.main(…)`: `PROGRAM --bin BIN
FIGURE` prints one JSON line {"value": 1.5, "unit": "ms"} as bench/support/result.h has it. Exit code 3: something that the figure needs
isn't here. A function whose name ends in ":" takes what follows it in FIGURE as an argument.
"""
import argparse
import contextlib
import ctypes
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

UNSUPPORTED = 3
PR_SET_PDEATHSIG = 1  # linux/prctl.h
MEASURE_S = 4.0


class Failed(Exception):
    """A sentence."""


def cpu_ns(pid):
    """Processor time that the threads a process has now have used."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text().split()[0])
    return total


class Stage:
    """Programs around one bus directory, all gone at the end of the block. `helper`: the program of the benchmark's own verbs."""

    def __init__(self, bin_dir, helper=None):
        self.bin = bin_dir
        self.helper = bin_dir / helper if helper else None
        self._stack = contextlib.ExitStack()
        self.bus = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="vedette-bench-stage-")))
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
        self._stack.callback(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def start_helper(self, *words):
        return self.start(self.helper, *words)

    def run(self, *words):
        """A verb of the helper that ends by itself; its number."""
        return self.run_program(self.helper, *words)

    def run_program(self, *command):
        """A program that prints a number as its last line, as contestants do; the number."""
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=50, check=False)
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

    def expect_running(self, process):
        if process.poll() is not None:
            raise Failed(f"a program ended: {self.said()}")

    def cpu_ms_per_s(self, process, seconds=MEASURE_S):
        self.expect_running(process)
        began, before = time.monotonic(), cpu_ns(process.pid)
        time.sleep(seconds)
        self.expect_running(process)
        spent = cpu_ns(process.pid) - before
        return spent / 1e6 / (time.monotonic() - began)


def main(figures, helper, description):
    """Runs the figure that the command line names, in a Stage with that helper."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="where the programs are")
    parser.add_argument("figure")
    options = parser.parse_args()
    name, colon, argument = options.figure.partition(":")
    function = figures.get(name + colon)
    if function is None or not shutil.which("taskset"):
        sys.exit(UNSUPPORTED)
    # Ends of the block are run when it is told to stop, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with Stage(options.bin.resolve(), helper) as stage:
            value, unit = function(stage, argument) if colon else function(stage)
    except FileNotFoundError as missing:
        print(f"{missing} isn't here", file=sys.stderr)
        sys.exit(UNSUPPORTED)
    except (Failed, subprocess.TimeoutExpired, OSError) as failure:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {failure}")
    print(json.dumps({"value": value, "unit": unit}))
