"""Detection: every row of build/bench/detect.json, and what has to hold (docs/benchmarks.md tells what a figure is)."""
import json
import pathlib

from measure import Entry, Row

HERE = pathlib.Path(__file__).resolve().parent
MOST_MB = 60.0
LEAST_THROUGHPUT = 0.95

# A model's words and its file in build/models.
DEFAULT_MODEL = ("NanoDet", "nanodet_g_416.onnx")
RF_DETR = ("RF-DETR nano", "rfdetr_nano_random.onnx")
INT8_MODEL = "nanodet_g_416_int8.onnx"
MOST_INT8_TIME = 0.6
MOST_POINTS_LOST = 1.0


def rows(bin_dir, rfdetr=True):
    """(everything to compare, sentences about what can't be). `rfdetr`: its graph too, if scripts/fetch-rfdetr has made it."""

    def program(name, figure):
        return Entry((str(bin_dir / name),), figure)

    def detect(figure):
        return Entry((str(HERE / "detect_run.py"), "--bin", str(bin_dir)), figure)

    def rows_of_model(words, model):
        return [
            Row(
                f"1080p frame handed over → detections held, {words}: 1.1 × the steps alone + two blocked wakes",
                detect(f"latency:{model}"),
                detect(f"steps_and_wakes:{model}"),
                1.0,
            ),
            Row(f"the same, {words}: one run of a bare ONNX Runtime loop", detect(f"latency:{model}"), detect(f"bare:{model}")),
            Row(
                f"time a frame when there is always a newer one, {words}: bare ONNX Runtime loop",
                detect(f"throughput:{model}"),
                detect(f"bare:{model}"),
                round(1 / LEAST_THROUGHPUT, 3),
            ),
        ]

    table = [
        Row(
            "pixel pass, 1080p I420 → tensor 512²: RGB24 by fast_image_resize and a loop",
            program("bench_vedette", "pixels_1080p_512"),
            program("bench_fast_image_resize", "pixels_1080p_512"),
            0.5,
        ),
        Row(
            "postprocess, 300 queries × 91 classes: best class of each query by a loop",
            program("bench_vedette", "postprocess_300x91"),
            program("bench_baseline", "postprocess_300x91"),
            0.3,
        ),
        *rows_of_model(*DEFAULT_MODEL),
        Row(
            "Standby, 3 pictures a second that stand still, detect's CPU a second: the motion gate alone",
            detect(f"standby:{DEFAULT_MODEL[1]}"),
            detect("gate"),
            1.5,
        ),
        Row(
            "detect's resident memory without bus and model file, NanoDet at work: 60 MB",
            detect(f"memory:{DEFAULT_MODEL[1]}"),
            Entry(bound=MOST_MB, unit="MB"),
            1.0,
        ),
    ]
    models, absent = bin_dir.parent / "models", []
    if (models / INT8_MODEL).exists():
        table.append(Row("NanoDet in INT8, processor time of a run: in FP32", detect(f"bare_cpu:{INT8_MODEL}"), detect(f"bare_cpu:{DEFAULT_MODEL[1]}"), MOST_INT8_TIME))
    else:
        absent.append(f"INT8: no rows, there is no build/models/{INT8_MODEL} (docs/models.md says how one is made)")
    if rfdetr and (models / RF_DETR[1]).exists():
        table += rows_of_model(*RF_DETR)
    else:
        absent.append("RF-DETR nano: no rows, scripts/fetch-rfdetr has not made its model")
    return table, absent


def int8_loss_rows(models):
    """(rows, notes): the average precision that the INT8 model lost, by its card."""
    path = models / f"{INT8_MODEL}.card.json"
    try:
        card = json.loads(path.read_text())
        before, after = card["origin"]["accuracy"], card["accuracy"]
        lost = 100 * (before["ap"] - after["ap"])
        name = f"AP points that NanoDet lost by INT8, {after['dataset']}, {after['photos']} photos: 1 point"
    except FileNotFoundError:
        return [], []
    except (ValueError, KeyError, TypeError):
        return [], [f"AP lost by INT8: no row, {path.name} isn't the card of a quantised model"]
    return [
        {
            "name": name,
            "ours": lost,
            "peer": MOST_POINTS_LOST,
            "unit": "count",
            "ratio": lost / MOST_POINTS_LOST,
            "interval": [lost / MOST_POINTS_LOST] * 2,
            "goal": 1.0,
            "holds": lost <= MOST_POINTS_LOST,
        }
    ], []
