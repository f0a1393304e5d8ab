"""What a benchmark's rows are made of: statistics, the running of contestants, what is written."""
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench"))

import bus  # noqa: E402
import capture  # noqa: E402
import capture_run  # noqa: E402
import measure  # noqa: E402
import ratios  # noqa: E402
import report  # noqa: E402
import stage as stages  # noqa: E402
from measure import Entry, Row  # noqa: E402


class Ratios(unittest.TestCase):
    def test_times_convert_and_counts_do_not(self):
        self.assertEqual(ratios.convert(1.5, "ms", "us"), 1500)
        self.assertEqual(ratios.convert(250, "ns", "us"), 0.25)
        self.assertEqual(ratios.convert(3, "count", "count"), 3)
        with self.assertRaises(ValueError):
            ratios.convert(3, "count", "ns")

    def test_a_row_is_the_median_of_the_ratios_of_each_round_not_the_ratio_of_the_medians(self):
        row = ratios.row("x", [1, 20, 30], [2, 10, 4], "ns", None)
        self.assertEqual(row["ratio"], 2)  # of 0.5, 2 and 7.5; the medians' ratio is 5
        self.assertEqual((row["ours"], row["peer"]), (20, 4))

    def test_holds_up_to_the_goal_and_is_null_without_one(self):
        self.assertIs(ratios.row("x", [2, 2], [2, 2], "ns", 1.0)["holds"], True)
        self.assertIs(ratios.row("x", [2.02, 2.02], [2, 2], "ns", 1.0)["holds"], False)
        self.assertIsNone(ratios.row("x", [2], [1], "ns", None)["holds"])

    def test_a_count_is_the_worst_round(self):
        row = ratios.row("drops", [0, 0, 0, 0, 1], [0] * 5, "count", 0)
        self.assertEqual((row["ratio"], row["holds"], row["interval"]), (1, False, [0, 1]))
        self.assertIs(ratios.row("drops", [0] * 5, [0] * 5, "count", 0)["holds"], True)

    def test_the_interval_is_the_same_every_time_and_holds_the_median(self):
        samples = [1.0, 1.1, 0.9, 1.3, 0.7, 1.05, 2.0]
        low, high = ratios.bootstrap_interval(samples)
        self.assertEqual((low, high), ratios.bootstrap_interval(samples))
        self.assertLessEqual(low, statistics.median(samples))
        self.assertGreaterEqual(high, statistics.median(samples))
        self.assertEqual(ratios.bootstrap_interval([3.0] * 15), (3.0, 3.0))
        with self.assertRaises(ValueError):
            ratios.bootstrap_interval([])

    def test_the_interval_covers_the_true_median_about_as_often_as_it_says(self):
        generator = random.Random(7)
        covered = 0
        for _ in range(100):
            low, high = ratios.bootstrap_interval([generator.gauss(1.0, 0.1) for _ in range(15)])
            covered += low <= 1.0 <= high
        self.assertGreaterEqual(covered, 88)
        # A resample of 1, 2, … 15 has a median of at most 3, 4, 5 in 0.4, 2.5, 8.8 % of cases (binomial: at least 8 of 15).
        low, high = ratios.bootstrap_interval(list(range(1, 16)))
        self.assertIn(low, (4, 5))
        self.assertIn(high, (11, 12))


class Contestants(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, text):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return Entry((str(path),), "figure")

    def prints(self, name, value, unit="ns"):
        line = json.dumps({"value": value, "unit": unit})
        return self.program(name, f"echo $0 >>{self.folder}/order\necho '{line}'\n")

    def test_the_last_line_counts_and_the_figure_is_the_last_argument(self):
        entry = self.program("chatty", 'echo hello; echo "{\\"value\\": 2.5, \\"unit\\": \\"us\\", \\"figure\\": \\"$1\\"}"\n')
        self.assertEqual(measure.run_once(entry), (2.5, "us"))
        self.assertEqual(measure.run_once(Entry(bound=10.0, unit="us")), (10.0, "us"))

    def test_what_goes_wrong_is_told(self):
        with self.assertRaises(measure.Unsupported):
            measure.run_once(self.program("other", "exit 3\n"))
        with self.assertRaises(measure.Unsupported):
            measure.run_once(Entry((str(self.folder / "absent"),), "figure"))
        with self.assertRaisesRegex(measure.Failed, "the queue is gone"):
            measure.run_once(self.program("broken", "echo 'the queue is gone' >&2; exit 1\n"))
        for text in ("echo 12", "echo '{\"value\": 1}'", "true"):
            with self.assertRaises(measure.Failed):
                measure.run_once(self.program("odd", text + "\n"))

    def test_rounds_interleave_and_turn_round(self):
        ours, one, two = self.prints("ours", 1), self.prints("one", 2), self.prints("two", 4, "us")
        session = measure.Session([Row("a", ours, one, 1.0), Row("b", ours, two)])
        session.run(2)
        order = [pathlib.Path(line).name for line in (self.folder / "order").read_text().split()]
        self.assertEqual(order, ["ours", "one", "two", "two", "one", "ours"])
        rows, notes = session.results()
        self.assertEqual([(row["name"], row["ratio"], row["holds"]) for row in rows], [("a", 0.5, True), ("b", 1 / 4000, None)])
        self.assertEqual((notes, session.failures), ([], []))

    def test_a_row_needs_four_fifths_of_its_rounds(self):
        ours, peer = Entry(("ours",), "x"), Entry(("peer",), "x")
        session = measure.Session([Row("a", ours, peer)])
        whole, half = {ours: (1.0, "ns"), peer: (2.0, "ns")}, {ours: (1.0, "ns")}
        session.values = [whole] * 8 + [half] * 2
        self.assertEqual(len(session.results()[0]), 1)
        session.values = [whole] * 7 + [half] * 3
        self.assertEqual(session.results()[0], [])

    def test_an_absent_peer_has_no_row_and_a_failing_one_neither(self):
        ours = self.prints("ours", 1)
        session = measure.Session([Row("absent", ours, Entry(("/nowhere/peer",), "figure")), Row("broken", ours, self.program("broken", "exit 1\n"))])
        session.run(3)
        rows, notes = session.results()
        self.assertEqual(rows, [])
        self.assertEqual(len(session.failures), 3)
        self.assertRegex(notes[0], "absent: no row, peer isn't here")
        self.assertRegex(notes[1], "broken: no row, only 0 of 3 rounds")

    def test_prebuilt_peers_get_rows_that_are_reported(self):
        self.prints("someone", 2)
        (self.folder / "notes.txt").write_text("no program")
        extra = [row for row in bus.rows(pathlib.Path("bin"), self.folder) if row.name.endswith(": someone")]
        self.assertEqual(len(extra), len(bus.FIGURES))
        self.assertTrue(all(row.goal is None for row in extra))
        self.assertFalse([row for row in bus.rows(pathlib.Path("bin"), self.folder) if "notes" in row.name])


class Bus(unittest.TestCase):
    def test_every_goal_of_the_bus_has_its_row(self):
        goals = {}
        for row in bus.rows(pathlib.Path("bin")):
            if row.goal is not None:
                goals.setdefault(row.ours.figure, []).append(row.goal)
        expected = {
            "spin_64": [4.0, 0.4, 1.0],
            "block_64": [1.1, 1.0, 1.0],
            "frame_1080p": [0.6, 1.0],
            "take": [1.0],
            "pin": [2.0],
            "detections_0": [1.0],
            "detections_1": [0.6],
            "detections_5": [0.4],
            "detections_20": [0.15],
            "detections_100": [0.07],
            "reader_killed": [0.02],
            "publish_16_idle": [2.0],
            "publish_16_blocked": [1.1],
            "stopped_1_of_16": [0.0],
            "vehicle_800x600": [0.05, 1.0],
        }
        self.assertEqual(goals, expected)

    def test_names_are_unique(self):
        names = [row.name for row in bus.rows(pathlib.Path("bin"))]
        self.assertEqual(len(names), len(set(names)))

    def test_a_soak_gives_three_rows_and_its_absence_a_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "soak.json"
            rows, notes = bus.soak_rows(path)
            self.assertEqual((rows, len(notes)), ([], 1))
            path.write_text(json.dumps({"torn": 0, "leaked": 2, "wedged": 0, "seconds": 600, "kills": 5}))
            rows, notes = bus.soak_rows(path)
            self.assertEqual([row["holds"] for row in rows], [True, False, True])
            self.assertIn("600", rows[0]["name"])
            path.write_text("[]")
            rows, notes = bus.soak_rows(path)
            self.assertEqual((rows, len(notes)), ([], 1))


class Capture(unittest.TestCase):
    def test_every_goal_of_cameras_has_its_row(self):
        goals = {row.ours.figure: row.goal for row in capture.rows(pathlib.Path("bin"))}
        expected = {
            "tensor_detailed": 0.65,
            "tensor_soft": 0.5,
            "planes_detailed": 0.9,
            "planes_soft": 0.8,
            "nobody_http": 1.2,
            "nobody_file": 1.2,
            "standby": 1.3,
            "mode_change": 1.2,
            "eight_cameras": 1.02,
        }
        self.assertEqual(goals, expected)

    def test_names_are_unique_and_every_figure_is_known(self):
        rows = capture.rows(pathlib.Path("bin"))
        self.assertEqual(len(rows), len({row.name for row in rows}))
        asked = {entry.figure for row in rows for entry in (row.ours, row.peer) if entry.program and entry.program[0].endswith("capture_run.py")}
        self.assertEqual(asked, set(capture_run.FIGURES))

    def test_the_multipart_camera_sends_the_same_picture_again_and_again(self):
        picture = bytes(range(256)) * 40
        with capture_run.MultipartCamera(picture, fps=200) as url, urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.headers["Content-Type"], "multipart/x-mixed-replace; boundary=picture")
            for _ in range(3):
                self.assertEqual(answer.readline(), b"--picture\r\n")
                self.assertEqual(answer.readline(), b"Content-Type: image/jpeg\r\n")
                self.assertEqual(answer.readline(), b"Content-Length: %d\r\n" % len(picture))
                self.assertEqual(answer.readline(), b"\r\n")
                self.assertEqual(answer.read(len(picture)), picture)
                self.assertEqual(answer.readline(), b"\r\n")

    def test_processor_time_of_a_process_grows_with_what_it_does(self):
        before = stages.cpu_ns(os.getpid())
        began = time.process_time_ns()
        while time.process_time_ns() - began < 20_000_000:
            pass
        self.assertGreaterEqual(stages.cpu_ns(os.getpid()) - before, 15_000_000)

    def test_what_a_stage_started_and_wrote_is_gone_behind_it(self):
        with stages.Stage(pathlib.Path("/nowhere")) as stage:
            idle = stage.start("/bin/sleep", "100")
            stubborn = stage.start("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done", log=stage.folder / "log")
            while stage.said() != "ready":
                time.sleep(0.01)
            self.assertIsNone(idle.poll())
            config = stage.configure(["/dev/video0", "b.mkv"], extra="log:\n  level: error\n").read_text()
            self.assertIn(f"dir: {stage.bus}", config)
            self.assertIn('cam1:\n    url: "b.mkv"', config)
            with self.assertRaises(FileNotFoundError):
                stage.start(stage.bin / "vedette-capture")
            with self.assertRaisesRegex(stages.Failed, "a program ended"):
                ended = stage.start("/bin/true")
                ended.wait()
                stage.cpu_ms_per_s(ended, 0)
        self.assertIsNotNone(idle.poll())
        self.assertIsNotNone(stubborn.poll())
        self.assertFalse(stage.bus.exists() or stage.folder.exists())

    def test_a_figure_nobody_knows_or_whose_programs_are_missing_is_unsupported(self):
        for figure in ("other", "nobody_file"):
            entry = Entry((str(ROOT / "bench/capture_run.py"), "--bin", "/nowhere"), figure)
            with self.assertRaises(measure.Unsupported):
                measure.run_once(entry)


class Report(unittest.TestCase):
    ROWS = [ratios.row("spin: futex", [140.0, 150.0], [50.0, 50.0], "ns", 4.0), ratios.row("spin: other", [140.0], [50.0], "ns", None)]

    def test_json_is_what_programs_expect(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "bench/bus.json"
            report.write_json(self.ROWS, path)
            read = json.loads(path.read_text())
        self.assertEqual([set(row) for row in read], [{"name", "ours", "peer", "unit", "ratio", "interval", "goal", "holds"}] * 2)
        self.assertIsNone(read[1]["goal"])
        self.assertIsNone(read[1]["holds"])

    def test_the_page_keeps_what_stands_around_the_table(self):
        page = "# Title\n<!-- bus:begin -->\nold\n<!-- bus:end -->\nend\n"
        self.assertEqual(report.put_between_markers(page, "bus", "new"), "# Title\n<!-- bus:begin -->\nnew\n<!-- bus:end -->\nend\n")
        with self.assertRaises(ValueError):
            report.put_between_markers("# Title\n", "bus", "new")

    def test_the_summary_names_what_does_not_hold(self):
        self.assertEqual(report.summary(self.ROWS), "1 of 1 goals hold")
        broken = [ratios.row("slow", [9.0], [1.0], "ns", 1.0)]
        self.assertIn("does not hold: slow", report.summary(broken))
        self.assertIn("**no**", report.markdown(broken, 15, 0.0))


if __name__ == "__main__":
    unittest.main()
