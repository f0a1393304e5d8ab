"""Recording: every row of build/bench/record.json, and what has to hold (docs/benchmarks.md tells what a figure is)."""
import pathlib

from measure import Entry, Row

HERE = pathlib.Path(__file__).resolve().parent


def rows(bin_dir):
    """Everything to compare."""

    def program(figure):
        return Entry((str(bin_dir / "bench_record"),), figure)

    def run(figure):
        return Entry((str(HERE / "record_run.py"), "--bin", str(bin_dir)), figure)

    return [
        Row("a page of 10,000 events, filtered: the same SQL by SQLite alone", program("list"), program("list_bare"), 5.0),
        Row("recording 4 × 1080p30 H.264, CPU a second: a bare remux of the same packets", run("record"), run("remux"), 1.5),
    ]
