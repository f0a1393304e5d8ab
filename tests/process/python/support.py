"""What the tests of the Python package share: a bus directory of their own, programs in processes of their own, a watchdog."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

from vedette import _bus

WATCHDOG = 60.0  # seconds; no expectation
PREFIX = "vedette-test-"


def wait_until(condition, seconds=WATCHDOG):
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError("the watchdog came first")
        time.sleep(0.01)
    return result


def remove_what_the_dead_left():
    for path in pathlib.Path("/dev/shm").glob(PREFIX + "*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not pathlib.Path("/proc", pid).exists():
            shutil.rmtree(path, ignore_errors=True)


class BusTest(unittest.TestCase):
    number = 0

    def setUp(self):
        remove_what_the_dead_left()
        BusTest.number += 1
        self.bus_dir = f"/dev/shm/{PREFIX}{os.getpid()}-py{BusTest.number}"
        self.addCleanup(shutil.rmtree, self.bus_dir, ignore_errors=True)
        os.environ["VEDETTE_BUS_DIR"] = self.bus_dir

    def file(self, topic):
        return pathlib.Path(self.bus_dir, topic)

    def raw(self, topic, schema_id, slot_bytes=8192, **options):
        """A writer of any schema: the way of a peer that is broken or hostile."""
        options = {"keep": 4, "readers": 4, "held_per_reader": 2, "history": True, "metadata": ""} | options
        writer = _bus.Publisher(
            bus_dir=self.bus_dir, topic=topic, schema_id=schema_id, slot_bytes=slot_bytes, stall_after=0.0, is_camera=False, **options
        )
        self.addCleanup(writer.close)
        return writer

    @contextlib.contextmanager
    def program(self, text, *arguments):
        """Another Python process with `text` as its program; killed at the end. Its stdout and stderr are pipes."""
        child = subprocess.Popen(
            [sys.executable, "-c", "import vedette, numpy as np, os, sys, time\n" + text, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.communicate()


def address_of(array):
    return array.__array_interface__["data"][0]


def mapping_at(address):
    """(permissions, inode, begin) of the mapping that address lies in."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        span, permissions, _, _, inode, *_ = line.split()
        begin, end = (int(side, 16) for side in span.split("-"))
        if begin <= address < end:
            return permissions, int(inode), begin
    raise AssertionError("no such mapping")


def offset_of(array):
    """Where in its topic's file it lies: the same for every subscriber."""
    return address_of(array) - mapping_at(address_of(array))[2]


def ended_by(child, number):
    """Its exit status says that signal `number` ended it."""
    return child.wait(WATCHDOG) == -number
