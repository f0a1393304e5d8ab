"""Runs contestants: programs that print one JSON line (bench/support/result.h), interleaved round by round."""
import dataclasses
import json
import subprocess

import ratios

UNSUPPORTED = 3
TIMEOUT_S = 60  # a watchdog: a round takes half a second


@dataclasses.dataclass(frozen=True)
class Entry:
    """One program with one figure, or, without a program, a fixed bound."""

    program: tuple = ()
    figure: str = ""
    bound: float = 0.0
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    ours: Entry
    peer: Entry
    goal: float = None  # None: reported only


class Unsupported(Exception):
    """The program doesn't do this figure, or isn't here."""


class Failed(Exception):
    """The program could not finish its round; the text says why."""


def run_once(entry):
    """(value, unit) of one round."""
    if not entry.program:
        return entry.bound, entry.unit
    command = [*entry.program, entry.figure]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise Unsupported from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: not done within {TIMEOUT_S} s") from None
    if done.returncode == UNSUPPORTED:
        raise Unsupported
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Failed(f"{' '.join(command)}: {said}")
    try:
        line = json.loads(lines[-1])
        return float(line["value"]), line["unit"]
    except (ValueError, KeyError, TypeError):
        raise Failed(f"{' '.join(command)}: its last line is not {{\"value\": …, \"unit\": …}}: {lines[-1]}") from None


def groups_of(rows):
    """The entries to run together in a round: ours, then every peer it is compared with."""
    groups = {}
    for row in rows:
        group = groups.setdefault(row.ours, [row.ours])
        if row.peer not in group:
            group.append(row.peer)
    return list(groups.values())


class Session:
    """All rounds of a set of rows. `values[round][entry]` is what was measured; who failed or is missing has no value there."""

    def __init__(self, rows, say=lambda text: None):
        self.rows = list(rows)
        self.values = []
        self.missing = set()
        self.failures = []
        self._say = say

    def run(self, rounds):
        for number in range(rounds):
            self._say(f"round {number + 1} of {rounds}")
            self.values.append({})
            for group in groups_of(self.rows):
                # Every other round the other way round, so that neither always runs on a warmer machine.
                for entry in group if number % 2 == 0 else reversed(group):
                    self._measure(entry)

    def _measure(self, entry):
        if entry in self.missing:
            return
        try:
            self.values[-1][entry] = run_once(entry)
        except Unsupported:
            self.missing.add(entry)
        except Failed as failure:
            self.failures.append(str(failure))

    def results(self):
        """(finished rows, sentences about rows that can't be given)."""
        finished, notes = [], []
        for row in self.rows:
            absent = [entry for entry in (row.ours, row.peer) if entry in self.missing]
            if absent:
                notes.append(f"{row.name}: no row, {absent[0].program[0].rsplit('/', 1)[-1]} isn't here or doesn't do {absent[0].figure}")
                continue
            both = [(values[row.ours], values[row.peer]) for values in self.values if row.ours in values and row.peer in values]
            if len(both) * 5 < len(self.values) * 4:
                notes.append(f"{row.name}: no row, only {len(both)} of {len(self.values)} rounds could be measured")
                continue
            unit = both[0][0][1]
            ours = [ratios.convert(*ours, unit) for ours, _ in both]
            peer = [ratios.convert(*peer, unit) for _, peer in both]
            finished.append(ratios.row(row.name, ours, peer, unit, row.goal))
        return finished, notes
