#!/usr/bin/python3 -B
"""A contestant that is several programs: vedette-detect, a camera whose frames the benchmark publishes, and whoever reads the results
(bench/detect/main.cpp tells who).

detect_run.py --bin BIN FIGURE  is a contestant as bench/stage.py has them. A figure of a model is FIGURE:MODEL, the file's name in
build/models.
"""
import pathlib
import time

import stage as stages
from stage import Failed

CAMERA = "cam0"
THREADS = 1  # of the model: everybody's, so that the other core is free for who publishes and reads
STANDBY_FPS = 3
SETTLE_S = 2.0
MB = 1e6


def model_file(stage, name):
    path = stage.bin.parent / "models" / name
    if not path.exists():
        raise FileNotFoundError(path)
    return path


def cache(stage):
    """Where copies of models are kept that are optimised for this machine, from one round to the next."""
    return stage.bin.parent / "bench/cache"


def configure(stage, model, more=""):
    return stage.configure(["bus:"], detect=True, extra=f"detect:\n  model: {model}\n  threads: {THREADS}\n  cache: {cache(stage)}\n{more}")


def start_detect(stage, model):
    """vedette-detect on one camera, as fast as frames come; its process."""
    return stage.start(stage.bin / "vedette-detect", "-c", configure(stage, model, "  fps: 1000\n"))


def latency(stage, model):
    """Frame handed over → a sleeping reader holds its detections: ms."""
    start_detect(stage, model)
    return stage.run("latency", stage.bus, CAMERA), "ms"


def steps_and_wakes(stage, model):
    """1.1 × what the three steps take alone + two blocked wakes: ms."""
    wake_us = stage.run_program(stage.bin / "bench_vedette", "block_64")
    return 1.1 * stage.run("alone", model, THREADS, cache(stage)) + 2 * wake_us / 1e3, "ms"


def throughput(stage, model):
    """From one result to the next while there is always a newer frame: ms."""
    start_detect(stage, model)
    return stage.run("throughput", stage.bus, CAMERA), "ms"


def resident_mb(smaps, left_out):
    """Resident memory of /proc/PID/smaps without the mappings of files that begin with one of `left_out`: MB."""
    total, counts = 0, True
    for line in smaps.splitlines():
        words = line.split()
        if "-" in words[0] and not words[0].endswith(":"):
            path = words[5] if len(words) > 5 else ""
            counts = not path.startswith(tuple(left_out))
        elif words[0] == "Rss:" and counts:
            total += int(words[1]) * 1024
    return total / MB


def memory(stage, model):
    """What vedette-detect keeps resident at work, without the bus and the model's file or its optimised copy: MB."""
    detect = start_detect(stage, model)
    stage.start_helper("moving", stage.bus, CAMERA, 30)
    time.sleep(2 * SETTLE_S)
    stage.expect_running(detect)
    if stages.cpu_ns(detect.pid) < 0.5e9:
        raise Failed(f"nothing was detected meanwhile: {stage.said()}")
    smaps = pathlib.Path(f"/proc/{detect.pid}/smaps").read_text()
    return resident_mb(smaps, [str(stage.bus), str(model), str(cache(stage))]), "MB"


def standby(stage, model):
    """vedette-detect beside vedette-control in Standby, on a picture that stands still: CPU, ms a second."""
    config = configure(stage, model)
    stage.start(stage.bin / "vedette-control", "-c", config)
    detect = stage.start(stage.bin / "vedette-detect", "-c", config)
    stage.start_helper("still", stage.bus, CAMERA, STANDBY_FPS)
    time.sleep(3 * SETTLE_S)  # the model is loaded, has seen the first frames, and `motion.hold` is over
    spent = stage.cpu_ms_per_s(detect, seconds=8)
    stage.run("spared", stage.bus, CAMERA)
    return spent, "ms"


def gate(stage):
    """The motion gate alone on the same frames: CPU, ms a second."""
    stage.start_helper("still", stage.bus, CAMERA, STANDBY_FPS)
    return stage.run("gate", stage.bus, CAMERA, 8), "ms"


def of_model(function):
    return lambda stage, name: function(stage, model_file(stage, name))


# The name of a figure that takes a model ends in ":".
FIGURES = {
    "latency:": of_model(latency),
    "steps_and_wakes:": of_model(steps_and_wakes),
    "throughput:": of_model(throughput),
    "memory:": of_model(memory),
    "standby:": of_model(standby),
    "gate": gate,
    "bare:": of_model(lambda stage, model: (stage.run("bare", model, THREADS), "ms")),
    "bare_cpu:": of_model(lambda stage, model: (stage.run("bare_cpu", model), "ms")),
}


if __name__ == "__main__":
    stages.main(FIGURES, "bench_detect", "One round of a figure of vedette-detect.")
