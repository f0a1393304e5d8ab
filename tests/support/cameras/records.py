"""The records of a scene's stream (scene.h): from its Unix socket, as they come, for ever."""
import socket
import struct
import threading
import time
from typing import NamedTuple

HEAD = struct.Struct("=QQII")


class Record(NamedTuple):
    pts_ns: int
    dts_ns: int
    keyframe: bool
    data: bytes


def records(path):
    """Yields Records, beginning at a keyframe; connects again whenever the scene is gone."""
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as scene:
            try:
                scene.connect(path)
                while message := scene.recv(1 << 22):
                    pts, dts, keyframe, _ = HEAD.unpack_from(message)
                    yield Record(pts, dts, bool(keyframe), message[HEAD.size:])
            except OSError:
                pass
        time.sleep(0.05)


class Feed:
    """Hands each record to whoever listens, from a thread of its own."""

    def __init__(self, path):
        self._lock = threading.Lock()
        self._listeners = []
        threading.Thread(target=self._run, args=(path,), daemon=True).start()

    def add(self, listener):
        with self._lock:
            self._listeners.append(listener)

    def remove(self, listener):
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def _run(self, path):
        for record in records(path):
            with self._lock:
                listeners = list(self._listeners)
            for listener in listeners:
                listener(record)
