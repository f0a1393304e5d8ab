"""Reading a topic."""
from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any, Generic, Literal, Self, TypeVar, overload

from . import _bus
from ._errors import Incompatible, InvalidArgument
from ._log import LogSubscriber, Packet, Start
from ._records import AnyRecord, Decoder

Mode = Literal["newest", "next"]
T = TypeVar("T", bound=AnyRecord)


def bus_directory(bus_dir: str | os.PathLike[str] | None) -> str:
    """The directory to use: the one given, else $VEDETTE_BUS_DIR, else the default ("")."""
    return os.environ.get("VEDETTE_BUS_DIR", "") if bus_dir is None else os.fspath(bus_dir)


class Subscriber(Generic[T]):
    """One reader of one topic; made by vedette.subscribe(). Any thread may use it; a fork's child needs its own.

    Iterating waits for records and gives them as they come. The topic may come, go, change its size or its writer meanwhile: the
    subscriber attaches again. Raises what keeps it from attaching (another layout version, no reader entry left, …), ShareUsed
    when too many frames are held, Corrupt for a record that can't be what it claims to be; all leave the subscriber usable.
    """

    def __init__(
        self,
        topic: str,
        kind: type[T] | None = None,
        *,
        bus_dir: str | os.PathLike[str] | None = None,
        mode: Mode = "newest",
        timeout: float | None = None,
        pixels: bool = True,
        fps: float = 0.0,
        size: tuple[int, int] = (0, 0),
        wait: str = "block",
    ) -> None:
        if mode not in ("newest", "next"):
            raise InvalidArgument(f'mode "{mode}"; expected newest or next')
        self._kind = kind
        self._mode = mode
        self._timeout = timeout
        self._decode = Decoder(topic)
        self._native = _bus.Subscriber(bus_directory(bus_dir), topic, _demand(pixels, fps, size), wait)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """The next record by the subscriber's mode. Ends when it is closed, or when nothing came for `timeout` seconds."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while not self.closed:
            record = self.take()
            if record is not None:
                return record
            left = -1.0 if deadline is None else deadline - time.monotonic()
            if deadline is not None and left <= 0:
                break
            _bus.Subscriber.wait_any([self._native], left)
        raise StopIteration

    def _record(self, lease: _bus.Lease) -> T:
        record: Any = self._decode(lease)
        if self._kind is not None and not isinstance(record, self._kind):
            raise Incompatible(f"{self.topic}: carries {type(record).__name__}, not {self._kind.__name__}")
        return record  # type: ignore[no-any-return]

    def take(self) -> T | None:
        """take_newest() or take_next(), by the subscriber's mode."""
        return self.take_newest() if self._mode == "newest" else self.take_next()

    def take_newest(self) -> T | None:
        """The newest record, if newer than the last one taken; else None. Never waits."""
        lease = self._native.take(newest=True)
        return None if lease is None else self._record(lease)

    def take_next(self) -> T | None:
        """The oldest record that is still kept and newer than the last one taken; else None. Never waits."""
        lease = self._native.take(newest=False)
        return None if lease is None else self._record(lease)

    def find(self, frame_id: int, timeout: float = 0.0) -> T | None:
        """The record that belongs to that frame, as long as the topic keeps it (64 for annotations).

        Waits up to `timeout` seconds while it may still come; None at once when a newer one is there. Takes nothing: what
        iterating gives stays the same.
        """
        lease = self._native.find(frame_id, timeout)
        return None if lease is None else self._record(lease)

    def wait(self, timeout: float | None = None) -> bool:
        """Until there is something to take; seconds. False: the time is up, or the subscriber was closed."""
        return wait_any([self], timeout)

    def demand(self, *, pixels: bool = True, fps: float = 0.0, size: tuple[int, int] = (0, 0)) -> None:
        """Asks for something else from now on; see vedette.subscribe()."""
        self._native.set_demand(_demand(pixels, fps, size))

    @property
    def stats(self) -> _bus.TopicStats | None:
        """The topic's counters: published, dropped, epoch, beat_at_ns, frame_id, writer_pid; None while there is no topic."""
        return self._native.stats()

    @property
    def topic(self) -> str:
        return self._native.topic

    @property
    def closed(self) -> bool:
        return self._native.closed

    def close(self) -> None:
        """Ends the iteration, in other threads too. Records and views taken before stay valid."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Subscriber of {self.topic}{', closed' if self.closed else ''}>"


def _demand(pixels: bool, fps: float, size: tuple[int, int]) -> _bus.Demand:
    width, height = size
    if not (0 <= fps <= 6553.5 and 0 <= width <= 65535 and 0 <= height <= 65535):
        raise InvalidArgument(f"fps {fps}, size {width}x{height}; expected 0 to 6553.5 pictures a second, sides up to 65535")
    return _bus.Demand(pixels, False, fps, width, height)


@overload
def subscribe(
    topic: str,
    kind: type[Packet],
    *,
    start: Start = ...,
    timeout: float | None = ...,
    wait: str = ...,
    packets: bool = ...,
    bus_dir: str | os.PathLike[str] | None = ...,
) -> LogSubscriber: ...
@overload
def subscribe(
    topic: str,
    kind: type[T],
    *,
    mode: Mode = ...,
    timeout: float | None = ...,
    pixels: bool = ...,
    fps: float = ...,
    size: tuple[int, int] = ...,
    wait: str = ...,
    bus_dir: str | os.PathLike[str] | None = ...,
) -> Subscriber[T]: ...
@overload
def subscribe(
    topic: str,
    *,
    mode: Mode = ...,
    timeout: float | None = ...,
    pixels: bool = ...,
    fps: float = ...,
    size: tuple[int, int] = ...,
    wait: str = ...,
    bus_dir: str | os.PathLike[str] | None = ...,
) -> Subscriber[Any]: ...
def subscribe(topic: str, kind: Any = None, **options: Any) -> Subscriber[Any] | LogSubscriber:
    """Reads a topic: `for frame in vedette.subscribe("cam0/frames"):`.

    kind      what it has to carry: vedette.Frame, vedette.Detections, …; raises Incompatible else. None: whatever comes
    mode      "newest" (skips what came meanwhile; record.missed says how many) or "next" (in order, as far back as is kept)
    timeout   seconds without anything new after which iterating ends; None: never
    pixels    ask the camera for pictures; False: only see those that somebody else asks for
    fps       pictures a second to ask for; 0: every one. A camera may give more if somebody else asks for more
    size      largest picture wanted, (width, height); 0: the camera's own
    wait      "block" (the kernel wakes this thread), "hybrid(50us)" (looks so long first), or "spin": looks all the time, refused
              unless this thread may run on one core only and the machine has others (os.sched_setaffinity)
    bus_dir   the bus directory; None: $VEDETTE_BUS_DIR, else /dev/shm/vedette (root) or /dev/shm/vedette-<uid>

    A topic that isn't there yet is waited for. Gives Frame, Detections, Tracks, Motion, State, Control, Event, Media, or Record for other
    schemas.

    Of a log, `subscribe("cam0/packets", vedette.Packet)`, every packet comes in order; instead of mode, pixels, fps and size it takes
    start     "newest" keyframe, so that decoding can begin at once, "oldest" keyframe: all that is there, or "next"
    packets   ask the camera for packets; False: only see those that somebody else asks for
    """
    if kind is Packet:
        return LogSubscriber(topic, **options)
    return Subscriber(topic, kind, **options)


def wait_any(subscribers: Iterable[Subscriber[Any]], timeout: float | None = None) -> bool:
    """Until any of the subscribers has something to take; seconds. False: the time is up, or one of them was closed.

    One sleep for all of them, no polling; then ask each: `for topic in topics: record = topic.take()`.
    """
    return _bus.Subscriber.wait_any([s._native for s in subscribers], -1.0 if timeout is None else max(0.0, timeout))


class Events:
    """Subscribers in an event loop: readable, like a socket, when any of them has something to take.

        with vedette.Events([frames, detections]) as events:
            loop.add_reader(events, on_news)  # asyncio; selectors and select take it too

    on_news takes what it likes and calls rearm() at its end: until then it stays readable, and nothing wakes anybody. A first
    readiness may find nothing to take. A thread of its own sleeps in the kernel. Close it before its subscribers.
    """

    def __init__(self, subscribers: Iterable[Subscriber[Any]]) -> None:
        self._native = _bus.Events([s._native for s in subscribers])

    def fileno(self) -> int:
        """The descriptor, for waiting only: never read or close it."""
        return self._native.fd()

    def rearm(self) -> None:
        """Readable again: at once if something is left to take, else as soon as something comes."""
        self._native.rearm()

    @property
    def closed(self) -> bool:
        return self._native.closed

    def close(self) -> None:
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def topics(bus_dir: str | os.PathLike[str] | None = None) -> list[str]:
    """Topics that exist now: ["cam0/detections", "cam0/frames", …]."""
    return _bus.topics(bus_directory(bus_dir))
