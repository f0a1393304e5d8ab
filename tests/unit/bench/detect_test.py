"""The benchmarks of detection: rows, figures that are several programs, and what RF-DETR's export stands on."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench"))

import detect  # noqa: E402
import detect_run  # noqa: E402
import measure  # noqa: E402
from measure import Entry  # noqa: E402

SMAPS = """\
7f10-7f20 r-xp 00000000 fe:00 77 /opt/models/model.onnx
Size:               2000 kB
Rss:                1000 kB
7f20-7f30 r--s 00000000 00:19 4 /dev/shm/bus-1/cam0/frames
Rss:                3000 kB
7f30-7f40 rw-p 00000000 00:00 0 [heap]
Rss:                 500 kB
Pss:                 500 kB
7f40-7f50 rw-p 00000000 00:00 0
Rss:                  20 kB
"""


class Detect(unittest.TestCase):
    def rows(self, *models, **options):
        """With these models beside the default one."""
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            (build / "models").mkdir()
            for model in models:
                (build / "models" / model).touch()
            return detect.rows(build / "bin", **options)

    def test_every_goal_of_detection_has_its_row(self):
        table, absent = self.rows(detect.INT8_MODEL)
        goals = {row.ours.figure: row.goal for row in table if row.goal is not None}
        model = detect.DEFAULT_MODEL[1]
        expected = {
            "pixels_1080p_512": 0.5,
            "postprocess_300x91": 0.3,
            f"latency:{model}": 1.0,
            f"throughput:{model}": 1.053,
            f"standby:{model}": 1.5,
            f"memory:{model}": 1.0,
            f"bare_cpu:{detect.INT8_MODEL}": 0.6,
        }
        self.assertEqual(goals, expected)
        self.assertEqual(len(absent), 1)

    def test_rf_detr_has_rows_where_its_graph_was_made_and_is_wanted(self):
        table, absent = self.rows(detect.RF_DETR[1], detect.INT8_MODEL)
        self.assertIn(f"latency:{detect.RF_DETR[1]}", {row.ours.figure for row in table})
        self.assertEqual(absent, [])
        table, absent = self.rows(detect.RF_DETR[1], rfdetr=False)
        self.assertFalse([row for row in table if detect.RF_DETR[1] in row.ours.figure])
        self.assertRegex(absent[-1], "RF-DETR")

    def test_what_int8_lost_stands_in_its_card(self):
        with tempfile.TemporaryDirectory() as folder:
            models = pathlib.Path(folder)
            card = models / f"{detect.INT8_MODEL}.card.json"
            self.assertEqual(detect.int8_loss_rows(models), ([], []))
            figures = {"dataset": "val32", "photos": 32}
            for after, lost, holds in ((0.242, 0.8, True), (0.235, 1.5, False), (0.26, -1.0, True)):
                card.write_text(json.dumps({"accuracy": figures | {"ap": after}, "origin": {"accuracy": figures | {"ap": 0.25}}}))
                (row,), notes = detect.int8_loss_rows(models)
                self.assertAlmostEqual(row["ours"], lost)
                self.assertEqual((row["holds"], row["goal"], notes), (holds, 1.0, []))
                self.assertIn("val32, 32 photos", row["name"])
            for text in ("{}", "[]", "not JSON", json.dumps({"accuracy": None, "origin": None})):
                card.write_text(text)
                rows, notes = detect.int8_loss_rows(models)
                self.assertEqual((rows, len(notes)), ([], 1))

    def test_names_are_unique_and_every_figure_is_known(self):
        table, _ = self.rows(detect.RF_DETR[1], detect.INT8_MODEL)
        self.assertEqual(len(table), len({row.name for row in table}))
        asked = {entry.figure for row in table for entry in (row.ours, row.peer) if entry.program and entry.program[0].endswith("detect_run.py")}
        self.assertEqual({figure.partition(":")[0] + (":" if ":" in figure else "") for figure in asked}, set(detect_run.FIGURES))

    def test_memory_without_what_lies_in_the_bus_and_in_the_model(self):
        self.assertAlmostEqual(detect_run.resident_mb(SMAPS, []), 4520 * 1024 / 1e6)
        self.assertAlmostEqual(detect_run.resident_mb(SMAPS, ["/dev/shm/bus-1", "/opt/models/model.onnx"]), 520 * 1024 / 1e6)

    def test_a_model_that_is_not_here_is_unsupported(self):
        with tempfile.TemporaryDirectory() as folder:
            for figure in ("latency:absent.onnx", "latency", "gate:absent.onnx", "other:x"):
                with self.assertRaises(measure.Unsupported):
                    measure.run_once(Entry((str(ROOT / "bench/detect_run.py"), "--bin", folder), figure))


class StandIns(unittest.TestCase):
    """bench/rfdetr/stand_ins.py on libraries as torch's are: linked against GPU libraries that aren't here."""

    def compile(self, code, output, *words):
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-x", "none", *words, "-o", output, f"-Wl,-soname,{output.name}"], input=code, text=True, check=True)

    def test_a_library_loads_without_the_gpu_libraries_that_it_is_linked_against(self):
        with tempfile.TemporaryDirectory() as folder:
            torch, gpu, out = (pathlib.Path(folder) / name for name in ("torch", "gpu", "out"))
            torch.mkdir(), gpu.mkdir()
            (gpu / "map").write_text("libcublas.so.12 { cublasCreate; };")
            self.compile("void cublasCreate(void) {}", gpu / "libcublas.so.12", f"-Wl,--version-script={gpu / 'map'}")
            self.compile("void ncclSend(void) {}", gpu / "libnccl.so.2")
            code = "void cublasCreate(void); void ncclSend(void); void (*both[2])(void) = {cublasCreate, ncclSend}; int answer(void) { return 42; }"
            self.compile(code, torch / "libtorch_cuda.so", str(gpu / "libcublas.so.12"), str(gpu / "libnccl.so.2"))
            load = [sys.executable, "-c", f"import ctypes; assert ctypes.CDLL({str(torch / 'libtorch_cuda.so')!r}).answer() == 42"]
            environment = os.environ | {"LD_LIBRARY_PATH": str(out)}
            self.assertNotEqual(subprocess.run(load, env=environment, capture_output=True, check=False).returncode, 0)
            subprocess.run([sys.executable, ROOT / "bench/rfdetr/stand_ins.py", torch, out], check=True)
            subprocess.run(load, env=environment, check=True)

    def test_where_none_is_needed_there_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            torch, out = pathlib.Path(folder) / "torch", pathlib.Path(folder) / "out"
            torch.mkdir()
            self.compile("int answer(void) { return 42; }", torch / "libtorch_cpu.so")
            subprocess.run([sys.executable, ROOT / "bench/rfdetr/stand_ins.py", torch, out], check=True)
            self.assertEqual(list(out.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
