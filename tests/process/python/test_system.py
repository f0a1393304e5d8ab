"""The Python package among the real programs: the examples as a camera, a stage and a watcher of `vedette up`."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import vedette
from support import WATCHDOG, BusTest, wait_until

BUILD = pathlib.Path(os.environ["VEDETTE_BUILD_DIR"])
EXAMPLES = pathlib.Path(os.environ["VEDETTE_EXAMPLES"])
CLIP = BUILD / "media" / "vtest.avi"
MODEL = BUILD / "models" / "nanodet_g_416.onnx"
CONFIG = """
cameras:
  front:
    url: "bus:"
gateway:
  port: 0
record:
  enabled: false
sentry:
  validate_time: 100ms
detect:
  model: "{model}"
"""


@unittest.skipUnless(CLIP.exists() and MODEL.exists() and shutil.which("ffmpeg"), "needs the clip, the model and ffmpeg")
class Examples(BusTest):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        pathlib.Path(self.folder.name, "vedette.yaml").write_text(CONFIG.format(model=MODEL))
        self.environment = os.environ | {"VEDETTE_STORAGE_DIR": self.folder.name + "/storage"}
        self.children = []
        self.addCleanup(self.stop_all)

    def start(self, *arguments):
        name = pathlib.Path(arguments[1] if arguments[0] == sys.executable else arguments[0]).stem
        out = pathlib.Path(self.folder.name, name + ".out")
        with open(out, "w") as file:
            child = subprocess.Popen(arguments, stdout=file, stderr=file, cwd=self.folder.name, env=self.environment, start_new_session=True)
        self.children.append((name, child, out))
        return child, out

    def stop_all(self):
        for _, child, _ in reversed(self.children):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def example(self, name, *arguments):
        return self.start(sys.executable, str(EXAMPLES / name), *arguments)

    def vedette(self, *arguments):
        return self.start(str(BUILD / "bin" / "vedette"), *arguments, "--bus-dir", self.bus_dir)

    def running(self, condition):
        def check():
            for name, child, out in self.children:
                self.assertIn(child.poll(), (None, 0), f"{name} ended: {out.read_text()}")
            return condition()

        return wait_until(check)

    def test_a_camera_a_stage_and_a_watcher(self):
        camera, _ = self.example("be_the_camera.py", "front", str(CLIP))
        self.running(self.file("front/frames").exists)
        up, log = self.vedette("up", "-c", "vedette.yaml")  # after the camera, which it neither refuses nor stops
        self.example("stage.py", "front")
        _, watched = self.example("watch.py", "front")

        # The real detector sees the Python camera's frames; persons come out in Python.
        self.running(lambda: "person 0." in watched.read_text())
        detections = vedette.subscribe("front/detections", mode="next")
        found = self.running(lambda: self.with_persons(detections))
        for box in found:
            self.assertTrue(0 <= box.x <= 1 and 0 <= box.y + box.height <= 1.001 and box.score >= 0.4, box)
        self.assertEqual((found.source_width, found.source_height, found.camera), (640, 480, "front"))
        self.assertGreater(found.inference_ns, 0)
        frames = vedette.subscribe("front/frames", timeout=WATCHDOG)
        frame = next(frames)
        self.assertEqual((frame.array.shape, frame.format, frame.camera), ((480, 640, 3), "BGR24", "front"))
        # The stage's value is found by the frame's id.
        sharpness = vedette.subscribe("front/sharpness")
        self.running(lambda: (frame := frames.take()) and (value := sharpness.find(frame.frame_id, 0.5)) and value.array()[0] > 0)

        # control's records as objects.
        events = vedette.subscribe("front/events", mode="next")
        alarm = self.running(lambda: next((e for e in iter(events.take, None) if e.kind == "alarm"), None))
        self.assertEqual((alarm.label, alarm.camera), ("person", "front"))
        state = self.running(lambda: (s := vedette.subscribe("front/state").take()) and s.mode == "tracking" and s)
        self.assertGreater(state.last_frame_id, 0)
        self.running(lambda: (c := vedette.subscribe("front/control").take()) and c.mode == "tracking")

        # Pause and resume reach the Python camera.
        self.vedette("command", "front", "pause")[0].wait(WATCHDOG)
        published = self.settled(frames)
        self.vedette("command", "front", "resume")[0].wait(WATCHDOG)
        self.running(lambda: frames.stats.published > published)

        self.assertNotIn("capture", log.read_text())
        self.assertIsNone(camera.poll())
        os.killpg(up.pid, signal.SIGINT)
        self.assertEqual(up.wait(WATCHDOG), 0, log.read_text())
        before = frames.stats.published
        self.running(lambda: frames.stats.published > before)  # it goes on without the rest

    def with_persons(self, detections):
        found = detections.take()
        return found if found and any(box.label == "person" for box in found) else None

    def settled(self, frames):
        """The number of published frames once it has stopped growing for 50 looks."""
        looks, last = 0, -1

        def quiet():
            nonlocal looks, last
            looks, last = (looks + 1, last) if frames.stats.published == last else (0, frames.stats.published)
            return looks > 50

        self.running(quiet)
        return last


@unittest.skipUnless(MODEL.exists(), "needs the model")
class Refusals(BusTest):
    def test_a_topic_that_one_of_its_own_stages_writes_is_in_the_way(self):
        with tempfile.TemporaryDirectory() as folder, vedette.publish("front/detections", classes=["x"]):
            config = pathlib.Path(folder, "vedette.yaml")
            config.write_text(CONFIG.format(model=MODEL))
            arguments = [BUILD / "bin" / "vedette", "up", "-c", config, "--bus-dir", self.bus_dir]
            up = subprocess.run(arguments, capture_output=True, text=True, timeout=WATCHDOG)
        self.assertNotEqual(up.returncode, 0)
        self.assertIn("front/detections", up.stderr)
        self.assertIn("is being written by a program that runs already", up.stderr)

    def test_there_is_nothing_to_capture(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "vedette.yaml")
            config.write_text(CONFIG.format(model=MODEL))
            arguments = [BUILD / "bin" / "vedette-capture", "-c", config, "--camera", "front", "--bus-dir", self.bus_dir]
            capture = subprocess.run(arguments, capture_output=True, text=True, timeout=WATCHDOG)
        self.assertEqual(capture.returncode, 78)
        self.assertIn('cameras.front.url is "bus:"', capture.stderr)


if __name__ == "__main__":
    unittest.main()
