#!/usr/bin/env python3
"""schemathesis.py BIN_DIR PYTHON: starts control, record and gateway, and lets schemathesis drive the API from its own document. Whatever
it sends, nothing may be answered by a 5xx (but for 503 where a part isn't there), nor otherwise than the document says. 77: there is no
schemathesis (scripts/fetch-python-tools)."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

WATCHDOG = 60.0  # seconds; no expectation
EXAMPLES = 20     # of each operation and kind; the seed makes them the same on every run
EVENTS = 30       # that there are before it begins
CONFIG = """cameras:
  front:
    url: "bus:"
    zones: [{name: door, polygon: "0,0 0.3,0 0.3,0.2"}]
    lines: [{name: gate, points: "0.1,0.5 0.9,0.5"}]
  yard:
    url: "bus:"
storage:
  dir: %(storage)s
bus:
  dir: %(bus)s
record:
  least_free: 0
gateway:
  port: 0
  token: %(token)s
"""
# Pictures without end, and one that waits for a camera; what they answer with is process_gateway's.
ENDLESS = "^/(stream|snapshot)/"
TOKEN = "schemathesis may make users, too"
# A part that answers with 503 is away for a moment by its own words; anything else that begins with 5 is a bug.
# Most requests are about what there is; the others find what is said of the rest.
RULES = """[dictionaries]
cameras.values = ["front", "yard"]
ids.values = %(ids)s
[parameters]
"path.camera" = { dictionary = "cameras", probability = 0.8 }
"path.id" = { dictionary = "ids", probability = 0.8 }
[checks]
not_a_server_error.enabled = true
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
status_code_conformance.enabled = true
content_type_conformance.enabled = true
response_headers_conformance.enabled = true
response_schema_conformance.enabled = true
"""


def write_events(storage):
    """As record would have left them: its start-up check finds them."""
    day = storage / "events" / "2026" / "11" / "26"
    day.mkdir(parents=True)
    began = 1795651200000  # 2026-11-26, 00:00:00
    for number in range(1, EVENTS + 1):
        camera, at = ("front", "yard")[number % 2], began + number * 1000
        event = {
            "camera": camera, "id": number, "kind": "object", "rule": "door", "label": "person", "text": "a person <b>here</b>",
            "zones": [{"zone": "door", "at_ms": at}], "track": 7, "score": 0.8, "started_at_ms": at, "ended_at_ms": at + 500,
            "box": [0.1, 0.2, 0.3, 0.4], "state": "done", "favourite": False, "snapshot": True, "clips": 1, "clip_ms": 500, "codec": "h264",
            "bytes": 100, "until_at_ns": 1,
        }
        stem = time.strftime(f"{camera}-%H%M%S-{number}", time.gmtime(at // 1000))
        (day / f"{stem}.json").write_text(json.dumps(event))
        for ending in (".jpg", ".crop.jpg", ".box.jpg", ".mp4"):
            (day / f"{stem}{ending}").write_bytes(b"not really media" * 50)


def wait_for(process, log, words):
    end = time.monotonic() + WATCHDOG
    while time.monotonic() < end:
        found = re.search(words, log.read_text())
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{words}: it didn't say so\n{log.read_text()}")


def main():
    bin_dir, python = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not python.exists() or subprocess.run([python, "-c", "import schemathesis"], capture_output=True).returncode != 0:
        print("no schemathesis: run scripts/fetch-python-tools")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-schemathesis-"))
    bus = tempfile.mkdtemp(prefix="vedette-test-schemathesis-", dir="/dev/shm")
    children = []
    try:
        (folder / "vedette.yaml").write_text(CONFIG % {"storage": folder / "storage", "bus": bus, "token": TOKEN})
        (folder / "schemathesis.toml").write_text(RULES % {"ids": json.dumps([str(number) for number in range(1, EVENTS + 1)])})
        write_events(folder / "storage")
        log = None
        for name, words in (("record", "records 2 cameras"), ("control", "decides for 2"), ("gateway", r"page on (http://[\d.:]+)/\n")):
            log = folder / f"{name}.log"
            with log.open("w") as out:
                children.append(subprocess.Popen([bin_dir / f"vedette-{name}", "--config", folder / "vedette.yaml"], stderr=out))
            found = wait_for(children[-1], log, words)
        base = found.group(1)
        run = subprocess.run(
            [python, "-m", "schemathesis.cli", "--config-file", folder / "schemathesis.toml", "run", f"{base}/api/openapi.json",
             "--url", base, "--header", f"Authorization: Bearer {TOKEN}", "--max-examples", str(EXAMPLES), "--seed", "7",
             "--exclude-path-regex", ENDLESS, "--phases", "examples,coverage,fuzzing",
             "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
             "response_schema_conformance,unsupported_method,allow_header_conformance",
             "--request-timeout", "60", "--no-shrink", "--no-color"],
            cwd=folder,
        )
        for child in children:
            if child.poll() is not None:
                sys.exit(f"{child.args[0]} ended with {child.returncode}:\n{log.read_text()}")
        request = urllib.request.Request(f"{base}/api/cameras", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request) as answer:
            cameras = [camera["name"] for camera in json.load(answer)["cameras"]]
        print("still served:", cameras)
        return run.returncode
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            child.wait(WATCHDOG)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(bus, ignore_errors=True)


sys.exit(main())
