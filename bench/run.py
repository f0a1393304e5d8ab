#!/usr/bin/python3
"""Runs the benchmarks: ours and others interleaved, round by round. `make bench-bus` builds what this needs and calls it.

run.py [AREA …]  writes build/bench/AREA.json and prints a table. Exit code 0 when everything was measured, whether or not goals hold.
"""
import argparse
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # no generated files in the source tree

import bus  # noqa: E402
import capture  # noqa: E402
import detect  # noqa: E402
import gateway  # noqa: E402
import measure  # noqa: E402
import record  # noqa: E402
import report  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
QUICK_ROUNDS = 3


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_bus(options, rounds):
    """(rows, notes, failures) of the area `bus`."""
    table = [row for row in bus.rows(options.bin, os.environ.get("VD_PEER_DIR")) if re.search(options.only, f"{row.ours.figure} {row.name}")]
    session = measure.Session(table, say)
    with bus.RouDi(ROOT / "bench/iceoryx/roudi.toml", say) as roudi:
        if not roudi.running:
            session.missing.update(row.peer for row in table if bus.needs_roudi(row.peer))
        session.run(rounds)
    rows, notes = session.results()
    soak, soak_notes = bus.soak_rows(options.build / "soak.json") if re.search(options.only, "soak torn leaked wedged") else ([], [])
    return rows + soak, notes + soak_notes, session.failures


def run_rows(table, options, rounds):
    """(rows, notes, failures) of an area that needs nothing but its programs."""
    session = measure.Session([row for row in table if re.search(options.only, f"{row.ours.figure} {row.name}")], say)
    session.run(rounds)
    return *session.results(), session.failures


def run_capture(options, rounds):
    return run_rows(capture.rows(options.bin), options, rounds)


def run_record(options, rounds):
    return run_rows(record.rows(options.bin), options, rounds)


def run_gateway(options, rounds):
    return run_rows(gateway.rows(options.bin), options, rounds)


def run_detect(options, rounds):
    table, absent = detect.rows(options.bin, options.rfdetr)
    rows, notes, failures = run_rows(table, options, rounds)
    loss, loss_notes = detect.int8_loss_rows(options.build / "models") if re.search(options.only, "int8 loss") else ([], [])
    return rows + loss, notes + absent + loss_notes, failures


AREAS = {"bus": run_bus, "capture": run_capture, "detect": run_detect, "gateway": run_gateway, "record": run_record}


def run_area(area, options):
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else 15)
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"{area}: this machine is busy (load average {load:.1f}): ratios hold roughly, times don't")
    rows, notes, failures = AREAS[area](options, rounds)
    report.write_json(rows, options.build / "bench" / f"{area}.json")
    print(report.terminal_table(rows))
    for note in notes:
        print(note)
    for failure in sorted(set(failures)):
        print(f"failed in {failures.count(failure)} of {rounds} rounds: {failure}")
    print(report.summary(rows))
    if options.docs:
        page = ROOT / "docs/benchmarks.md"
        page.write_text(report.put_between_markers(page.read_text(), area, report.markdown(rows, rounds, load)))
    # A contestant that isn't here is fine; ours must have been measured, and nobody may fail in more than a fifth of the rounds.
    return bool(rows) and len(failures) * 5 <= rounds * len(rows)


def main():
    parser = argparse.ArgumentParser(description="Runs the benchmarks and writes build/bench/AREA.json.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"one of {', '.join(AREAS)}; default: all")
    parser.add_argument("--rounds", type=int, help="rounds (15)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: to see that all of it runs")
    parser.add_argument("--only", default="", metavar="REGEX", help="only rows whose figure or name it matches")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--no-rfdetr", dest="rfdetr", action="store_false", help="no rows of RF-DETR's graph, which isn't fetched then")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="the build's folder")
    options = parser.parse_args()
    options.bin = options.build / "bin"
    unknown = [area for area in options.areas if area not in AREAS]
    if unknown:
        parser.error(f"unknown area {unknown[0]}: one of {', '.join(AREAS)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    try:
        re.compile(options.only)
    except re.error as error:
        parser.error(f"--only: {error}")
    peer_dir = os.environ.get("VD_PEER_DIR")
    if peer_dir and not pathlib.Path(peer_dir).is_dir():
        sys.exit(f"run.py: VD_PEER_DIR: {peer_dir} is no folder")
    if not (options.bin / "bench_vedette").exists():
        sys.exit(f"run.py: {options.bin}/bench_vedette is missing: run 'make bench-bus' or another of its kind, which build it")
    sys.exit(0 if all([run_area(area, options) for area in options.areas or AREAS]) else 1)


main()
