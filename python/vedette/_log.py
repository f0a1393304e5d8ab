"""Reading a log: the camera's own packets with their history, copied out."""
from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any, Literal, Self

from . import _bus
from ._errors import Incompatible

Start = Literal["newest", "oldest", "next"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One picture or one piece of sound, as the camera sent it (<camera>/packets)."""

    camera: str
    frame_id: int
    """Of the picture, as in <camera>/frames; sound: of the picture before it."""
    codec: str
    """MJPEG, H264, H265 (Annex B access units), AAC, PCMU, PCMA, OPUS, MP3, G722"""
    keyframe: bool
    """Can be decoded without any packet before it."""
    config: bytes
    """Codec configuration: parameter sets on keyframes, AAC's AudioSpecificConfig; else empty."""
    data: bytes
    captured_at_ns: int
    """time.monotonic_ns()'s clock; in order of showing."""
    published_at_ns: int
    wall_at_ns: int
    camera_wall_at_ns: int
    """By the camera's own clock; 0: it doesn't say."""
    pts_ns: int
    dts_ns: int
    duration_ns: int
    width: int
    height: int
    sample_rate: int
    channels: int
    stream: int
    """One more whenever the camera was opened anew or its configuration changed."""
    missed: int = 0
    """Packets that were overwritten, or skipped to the next keyframe, since the one taken before."""

    @property
    def age(self) -> float:
        """Seconds since it was captured."""
        return max(0, time.monotonic_ns() - self.captured_at_ns) / 1e9

    def __repr__(self) -> str:
        return f"<Packet {self.frame_id} of {self.camera}: {self.codec}{' keyframe' if self.keyframe else ''}, {len(self.data)} bytes>"


class LogSubscriber:
    """One reader of one log of packets; vedette.subscribe(topic, vedette.Packet) makes it. Any thread may use it.

    Iterating waits for packets and gives every one in order. Who is too slow goes on at the oldest keyframe that is left; the
    packet says how many were missed. The topic may come, go, change its size or its writer meanwhile.
    """

    def __init__(
        self,
        topic: str,
        *,
        bus_dir: str | os.PathLike[str] | None = None,
        start: Start = "newest",
        timeout: float | None = None,
        wait: str = "block",
        packets: bool = True,
    ) -> None:
        directory = os.environ.get("VEDETTE_BUS_DIR", "") if bus_dir is None else os.fspath(bus_dir)
        self._camera = topic.split("/", 1)[0]
        self._timeout = timeout
        self._native = _bus.LogSubscriber(directory, topic, _bus.Demand(False, packets, 0.0, 0, 0), wait, start)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Packet:
        """The next packet. Ends when it is closed, or when nothing came for `timeout` seconds."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while not self.closed:
            packet = self.take()
            if packet is not None:
                return packet
            left = -1.0 if deadline is None else deadline - time.monotonic()
            if deadline is not None and left <= 0:
                break
            self._native.wait(left)
        raise StopIteration

    def take(self) -> Packet | None:
        """The next packet, or None. Never waits."""
        taken = self._native.take()
        if taken is None:
            return None
        record, frame_id, _, _, missed, _, schema_id = taken
        if schema_id != _bus.PACKETS_SCHEMA:
            raise Incompatible(f"{self.topic}: carries schema {schema_id:#x}, not packets")
        fields: dict[str, Any] = _bus.packet(record)
        return Packet(self._camera, frame_id, missed=missed, **fields)

    def seek(self, start: Start) -> bool:
        """The next take begins at the "newest" keyframe, the "oldest", or with what comes "next". False: there is no topic."""
        return self._native.seek(start)

    def seek_time(self, at_ns: int) -> bool:
        """To the newest keyframe not after that time (time.monotonic_ns()), or the oldest there is. False: there is none."""
        return self._native.seek_time(at_ns)

    def seek_frame(self, frame_id: int) -> bool:
        """To the first packet of that frame. False: it isn't there (any more); then nothing changes."""
        return self._native.seek_frame(frame_id)

    def wait(self, timeout: float | None = None) -> bool:
        """Until there is something to take; seconds. False: the time is up, or the subscriber was closed."""
        return self._native.wait(-1.0 if timeout is None else max(0.0, timeout))

    @property
    def span(self) -> _bus.LogSpan | None:
        """What the log holds now: records, bytes, oldest_at_ns, newest_at_ns; None while there is no topic."""
        return self._native.span()

    @property
    def stats(self) -> _bus.TopicStats | None:
        return self._native.stats()

    @property
    def topic(self) -> str:
        return self._native.topic

    @property
    def closed(self) -> bool:
        return self._native.closed

    def close(self) -> None:
        """Ends the iteration, in other threads too."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LogSubscriber of {self.topic}{', closed' if self.closed else ''}>"
