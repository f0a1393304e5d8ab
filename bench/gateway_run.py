#!/usr/bin/python3 -B
"""A contestant that is several programs: vedette-gateway or vedette-encode, or what they are compared with (bench/gateway/main.cpp).

gateway_run.py --bin BIN FIGURE  is a contestant as bench/stage.py has them.
"""
import pathlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import stage as stages
from capture_run import MultipartCamera, capture
from stage import Failed

CLIP = pathlib.Path(__file__).resolve().parents[1] / "build/media/vtest.avi"
CLIP_PICTURES = 60
JPEG_QUALITY = 80
FPS = 30
PATIENCE_S = 20.0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        if time.monotonic() > until:
            raise Failed(f"{what} within {PATIENCE_S:.0f} s")
        time.sleep(0.05)
    return found


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def picture_of(stage):
    path = stage.folder / "picture.jpg"
    stage.run_program(stage.bin / "bench_capture", "picture", path, 1920, 1080)
    return path


def by_gateway(stage, per, viewers, fps):
    """The camera's JPEGs through capture and gateway: processor time of the gateway."""
    with MultipartCamera(picture_of(stage).read_bytes(), fps) as url:
        port = free_port()
        config = stage.configure([url], extra=f"gateway:\n  port: {port}\n")
        capture(stage, config)
        gateway = stage.start(stage.bin / "vedette-gateway", "-c", config)
        wait_for(lambda: answers(port), "the gateway doesn't answer")
        return stage.run("watch", per, port, "/ws/cam0?video=packets&codecs=mjpeg", viewers, gateway.pid)


def by_peer(stage, verb, per, viewers, fps):
    port_file = stage.folder / "port"
    server = stage.start_helper(verb, port_file, picture_of(stage), viewers, fps)
    wait_for(port_file.exists, "the peer doesn't listen")
    return stage.run("watch", per, port_file.read_text().strip(), "/", viewers, server.pid)


def passed(stage, viewers):
    """CPU of a delivered picture, us."""
    return by_gateway(stage, "picture", viewers, FPS), "us"


def encoded_anew(stage, viewers):
    return by_peer(stage, "encoded", "picture", viewers, FPS), "us"


def served(stage, viewers):
    """CPU of a delivered KiB, ns."""
    return by_gateway(stage, "KiB", viewers, FPS), "ns"


def sent(stage, viewers):
    return by_peer(stage, "bytes", "KiB", viewers, FPS), "ns"


def raw_clip(stage):
    """The pedestrian clip's first pictures as 1080p, raw: BT.709, limited range."""
    if not CLIP.exists():
        raise FileNotFoundError(CLIP)
    path = stage.folder / "clip.yuv"
    scale = "scale=1920:1080:out_color_matrix=bt709:out_range=tv,format=yuv420p"
    made = ["-vf", scale, "-frames:v", CLIP_PICTURES, "-f", "rawvideo", path]
    ffmpeg("-i", CLIP, *made)
    return path


def ffmpeg(*words):
    command = ["ffmpeg", "-v", "info", "-nostdin", "-nostats", "-y", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ffmpeg: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    return done.stderr


def encode(stage, raw):
    config = stage.configure(["bus:"])
    stage.start(stage.bin / "vedette-encode", "-c", config)
    out = stage.folder / "clip.h264"
    return stage.run("encode_clip", stage.bus, "cam0", raw, out), out


def as_jpegs(stage, raw):
    out = stage.folder / "clip.mjpeg"
    return stage.run("jpeg_clip", raw, JPEG_QUALITY, out), out


def ssim(video, raw):
    """How like the raw clip it is, all planes."""
    reference = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1920x1080", "-r", FPS, "-i", raw]
    same = "scale=in_range=auto:out_range=tv:in_color_matrix=auto:out_color_matrix=bt709,format=yuv420p"
    graph = f"[0:v]{same},setpts=N[video];[1:v]setpts=N[raw];[video][raw]ssim"
    said = ffmpeg("-r", FPS, "-i", video, *reference, "-lavfi", graph, "-f", "null", "-")
    found = re.search(r"SSIM .*All:([0-9.]+)", said)
    if not found:
        raise Failed("ffmpeg's ssim says nothing")
    return float(found.group(1))


def clip_encoded(stage):
    """Bytes of a picture by vedette-encode, kB."""
    return encode(stage, raw_clip(stage))[0], "kB"


def clip_jpeg(stage):
    return as_jpegs(stage, raw_clip(stage))[0], "kB"


def clip_loss(stage):
    """What SSIM is less than that of the JPEGs."""
    raw = raw_clip(stage)
    return ssim(as_jpegs(stage, raw)[1], raw) - ssim(encode(stage, raw)[1], raw), "SSIM"


FIGURES = {
    "passed:": passed,
    "encoded_anew:": encoded_anew,
    "served:": served,
    "sent:": sent,
    "clip_encoded": clip_encoded,
    "clip_jpeg": clip_jpeg,
    "clip_loss": clip_loss,
}

if __name__ == "__main__":
    stages.main(FIGURES, "bench_gateway", __doc__)
