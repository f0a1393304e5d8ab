"""Writing a topic: annotations, arrays, raw bytes, and the pictures of a camera."""
from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _bus
from ._errors import InvalidArgument, NoFreeSlot
from ._records import (
    BYTES_SCHEMA,
    Detection,
    Detections,
    Frame,
    Pixels,
    array_metadata,
    plane_shapes,
    plane_views,
)
from ._subscriber import bus_directory

Of = Frame | Detections | int


class _Publisher:
    def __init__(self, **options: Any) -> None:
        self._topic: str = options["topic"]
        self._native = _bus.Publisher(**options)

    @property
    def topic(self) -> str:
        return self._topic

    @property
    def stats(self) -> _bus.TopicStats:
        """The topic's counters: published, dropped (all slots held), epoch, …"""
        return self._native.stats()

    @property
    def closed(self) -> bool:
        return self._native.closed

    def close(self, *, remove: bool = False) -> None:
        """Ends the writing. The files stay, and whoever writes the topic next goes on in them; `remove` takes them away."""
        self._native.close(remove)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _loan(self) -> _bus.Loan:
        loan = self._native.loan()
        if loan is None:
            raise NoFreeSlot(f"{self._topic}: readers hold all slots; drop views of earlier frames, or raise readers or held_per_reader")
        return loan


class DetectionsPublisher(_Publisher):
    """Boxes for frames, in a topic of one's own; made by vedette.publish(topic, classes=[…])."""

    def __init__(self, classes: Sequence[str], **options: Any) -> None:
        self._class_ids = {name: number for number, name in enumerate(classes)}
        super().__init__(
            schema_id=_bus.DETECTIONS_SCHEMA,
            slot_bytes=_bus.DETECTIONS_SLOT_BYTES,
            history=True,
            metadata=_bus.join_class_names(list(classes)),
            **options,
        )

    def publish(self, of: Of, boxes: Iterable[Detection], *, captured_at_ns: int = 0, inference_ns: int = 0) -> bool:
        """Says what is on that frame (a Frame, the Detections of one, or a frame id); an empty list says: nothing.

        False: readers hold all slots; dropped and counted. Raises InvalidArgument for a label that isn't one of the classes,
        a box outside 0..1, or more than 300 boxes.
        """
        info = of._info if isinstance(of, Frame) else None
        frame_id = of if isinstance(of, int) else of.frame_id
        width, height = (0, 0) if isinstance(of, int) else (of.source_width, of.source_height)
        if not isinstance(of, int):
            captured_at_ns = captured_at_ns or of.captured_at_ns
        rows = [(self._class_id(box), box.score, box.x, box.y, box.width, box.height) for box in boxes]
        return _bus.publish_detections(
            self._native, frame_id, info, captured_at_ns, inference_ns, width, height, rows
        )

    def _class_id(self, box: Detection) -> int:
        try:
            return self._class_ids[box.label]
        except KeyError:
            known = ", ".join(self._class_ids)
            raise InvalidArgument(f'{self._topic}: label "{box.label}"; expected one of its classes: {known}') from None


class BytesPublisher(_Publisher):
    """Raw bytes or arrays in a topic of one's own; made by vedette.publish(topic, slot_bytes=…) or (topic, shape=…, dtype=…)."""

    def __init__(self, slot_bytes: int, shape: tuple[int, ...] | None, dtype: DTypeLike, metadata: str, **options: Any) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        if self._dtype.hasobject or self._dtype.itemsize == 0:
            raise InvalidArgument(f"{options['topic']}: an array of {self._dtype} can't lie in shared memory")
        if shape is not None:
            slot_bytes = math.prod(shape) * self._dtype.itemsize
            metadata = array_metadata(self._dtype, shape)
        super().__init__(schema_id=BYTES_SCHEMA, slot_bytes=slot_bytes, metadata=metadata, **options)

    def publish(self, data: Any, frame_id: Of = 0) -> bool:
        """Copies any buffer (bytes, memoryview, NumPy array, …) into a slot and publishes it under a frame's id, or a new one.

        False: readers hold all slots; dropped and counted. Raises InvalidArgument for more bytes than a slot has, or an array of
        another shape than the topic's.
        """
        if self._shape is not None:
            data = np.ascontiguousarray(data, self._dtype)
            if data.shape != self._shape:
                raise InvalidArgument(f"{self._topic}: an array of shape {data.shape}; expected {self._shape}")
        elif isinstance(data, np.ndarray):
            data = np.ascontiguousarray(data)
        return self._native.publish_bytes(data, frame_id if isinstance(frame_id, int) else frame_id.frame_id)


@overload
def publish(
    topic: str,
    *,
    classes: Sequence[str],
    keep: int = ...,
    readers: int = ...,
    held_per_reader: int = ...,
    bus_dir: str | os.PathLike[str] | None = ...,
) -> DetectionsPublisher: ...
@overload
def publish(
    topic: str,
    *,
    slot_bytes: int | None = ...,
    shape: tuple[int, ...] | None = ...,
    dtype: DTypeLike = ...,
    metadata: str = ...,
    keep: int = ...,
    readers: int = ...,
    held_per_reader: int = ...,
    bus_dir: str | os.PathLike[str] | None = ...,
) -> BytesPublisher: ...
def publish(
    topic: str,
    *,
    classes: Sequence[str] | None = None,
    slot_bytes: int | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: DTypeLike = np.uint8,
    metadata: str = "",
    keep: int = 64,
    readers: int = 16,
    held_per_reader: int = 2,
    bus_dir: str | os.PathLike[str] | None = None,
) -> Any:
    """A topic of one's own, "<camera>/<name>" of a-z, 0-9, _ and -. One of:

    classes       it carries boxes: the names of what can be found (DetectionsPublisher)
    slot_bytes    it carries bytes, at most so many a record (BytesPublisher)
    shape, dtype  it carries arrays, all of one shape (BytesPublisher)

    keep             newest records that stay findable by their frame's id
    readers          programs that may read it at once
    held_per_reader  records each of them may hold at once
    metadata         a fixed text for readers of bytes

    Gives signs of life from a native thread as long as it is open. Raises Busy when somebody writes the topic already, and
    ResourceExhausted with the bytes needed when the tmpfs is too small.
    """
    common = {
        "topic": topic,
        "keep": keep,
        "readers": readers,
        "held_per_reader": held_per_reader,
        "bus_dir": bus_directory(bus_dir),
        "stall_after": 0.0,
        "is_camera": False,
    }
    if sum(what is not None for what in (classes, slot_bytes, shape)) != 1:
        raise InvalidArgument(f"{topic}: say what it carries: classes=, slot_bytes= or shape=")
    if classes is not None:
        return DetectionsPublisher(classes, **common)
    return BytesPublisher(slot_bytes or 0, shape, dtype, metadata, history=True, **common)


class LoanedFrame:
    """A frame to be filled in, in the slot that readers will see; made by Camera.loan().

    planes are writable NumPy arrays (shapes as Frame.planes). Leaving the `with` block publishes it and makes them read-only; an
    exception drops it unseen. Slices that outlive the block can't harm what was published: it is then copied once into another
    slot (counted in Camera.copied). A memoryview of a plane or a ctypes pointer isn't noticed: don't keep those.
    """

    def __init__(self, camera: Camera, loan: _bus.Loan, frame: _bus.NewFrame, format: str, width: int, height: int) -> None:
        self._camera = camera
        self._loan: _bus.Loan | None = loan
        self._frame = frame
        self._flat: Pixels = np.frombuffer(memoryview(loan), np.uint8)
        self._planes = tuple(plane_views(self._flat, format, width, height, frame.planes))
        self._own_references = sys.getrefcount(self._flat)
        self.format, self.width, self.height = format, width, height
        self.captured_at_ns: int = time.monotonic_ns()
        """When the sensor took it (time.monotonic_ns()'s clock); set it if you know better than "when loaned"."""
        self.frame_id: int = 0
        """Under which it is published; 0: the camera's next one. Ids only grow."""

    @property
    def planes(self) -> tuple[Pixels, ...]:
        return self._planes

    @property
    def array(self) -> Pixels:
        """The one plane of GRAY8, RGB24, BGR24 or YUYV. ValueError for I420 and NV12."""
        if len(self._planes) != 1:
            raise ValueError(f"{self.format} has {len(self._planes)} planes: use .planes")
        return self._planes[0]

    def publish(self) -> bool:
        """Publishes before the block ends. False: the camera is paused, or there was no slot for a copy (dropped, counted)."""
        if self._loan is None:
            raise InvalidArgument(f"{self._camera.topic}: this frame was published or dropped already")
        loan, self._loan = self._loan, None
        for plane in self._planes:
            plane.flags.writeable = False
        sliced = sys.getrefcount(self._flat) > self._own_references
        self._camera._copied += sliced
        return self._frame.publish(self._camera._native, loan, self.frame_id, self.captured_at_ns, sliced)

    def drop(self) -> None:
        """Gives the slot back unseen."""
        if self._loan is not None:
            loan, self._loan = self._loan, None
            for plane in self._planes:
                plane.flags.writeable = False
            if sys.getrefcount(self._flat) <= self._own_references:
                self._camera._native.drop(loan)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.drop()
        elif self._loan is not None:
            self.publish()


class Camera(_Publisher):
    """This program as a camera: the writer of <name>/frames; made by vedette.camera()."""

    def __init__(
        self, name: str, width: int, height: int, format: str, matrix: str, full_range: bool | None, **options: Any
    ) -> None:
        if matrix not in ("bt601", "bt709"):
            raise InvalidArgument(f'matrix "{matrix}"; expected bt601 or bt709')
        self._name, self._format, self._width, self._height = name, format, width, height
        self._bt709 = matrix == "bt709"
        # What such pixels mostly are: video is limited, everything else full.
        self._full_range = format not in ("I420", "NV12", "YUYV") if full_range is None else full_range
        self._copied = 0
        largest = self._describe(width, height)
        super().__init__(
            topic=f"{name}/frames",
            schema_id=_bus.FRAME_SCHEMA,
            slot_bytes=largest.slot_bytes,
            keep=1,
            history=False,
            metadata="",
            is_camera=True,
            **options,
        )

    def _describe(self, width: int, height: int) -> _bus.NewFrame:
        source_width, source_height = max(width, self._width), max(height, self._height)
        return _bus.NewFrame(
            self._name, self._format, width, height, source_width, source_height, self._bt709, self._full_range
        )

    def loan(self, width: int | None = None, height: int | None = None) -> LoanedFrame:
        """A frame to fill in: `with cam.loan() as frame: frame.planes[0][:] = …`. Never waits.

        A smaller picture than the camera's counts as scaled down from it; a larger one makes the topic's slots larger. Raises
        NoFreeSlot when readers hold every slot; counted as a drop.
        """
        width, height = width or self._width, height or self._height
        frame = self._describe(width, height)
        if frame.slot_bytes > self._native.slot_bytes():
            self._native.resize(frame.slot_bytes)
            self._width, self._height = max(width, self._width), max(height, self._height)
        return LoanedFrame(self, self._loan(), frame, self._format, width, height)

    def publish(
        self, picture: ArrayLike | Sequence[NDArray[Any]], *, captured_at_ns: int | None = None, frame_id: int = 0
    ) -> bool:
        """Copies a picture into a slot and publishes it.

        One array of the plane's shape (H×W×3 for RGB24 and BGR24, H×W for GRAY8, H×W×2 for YUYV), a sequence of planes, or for
        I420 and NV12 with even sides one array of 3H/2 × W, as OpenCV has them. captured_at_ns: None is now.
        False: the camera is paused. Raises InvalidArgument for other shapes or types than uint8.
        """
        planes = self._planes_of(picture)
        height, width = planes[0].shape[:2]
        frame = self.loan(width, height)
        try:
            for target, plane in zip(frame.planes, planes, strict=True):
                target[:] = plane
        except BaseException:
            frame.drop()
            raise
        if captured_at_ns is not None:
            frame.captured_at_ns = captured_at_ns
        frame.frame_id = frame_id
        return frame.publish()

    def _planes_of(self, picture: Any) -> list[NDArray[np.uint8]]:
        planes = [np.asarray(plane) for plane in (picture if isinstance(picture, (list, tuple)) else [picture])]
        if len(planes) == 1 and self._format in ("I420", "NV12") and planes[0].ndim == 2:
            planes = self._split(planes[0])
        shapes = [plane.shape for plane in planes]
        if shapes and len(shapes[0]) >= 2 and 0 not in shapes[0]:
            expected = plane_shapes(self._format, shapes[0][1], shapes[0][0])
        else:
            expected = plane_shapes(self._format, self._width, self._height)
        if shapes != expected or any(plane.dtype != np.uint8 for plane in planes):
            found = [f"{plane.shape} {plane.dtype}" for plane in planes]
            raise InvalidArgument(
                f"{self._topic}: a picture of {', '.join(found) or 'no planes'}; expected {self._format}: uint8 {', '.join(map(str, expected))}"
            )
        return planes

    def _split(self, stacked: NDArray[Any]) -> list[NDArray[Any]]:
        rows, width = stacked.shape
        if rows % 3 or width % 2 or (rows // 3 * 2) % 2:
            raise InvalidArgument(f"{self._topic}: {rows} x {width} is no {self._format} picture of even sides stacked into 3H/2 rows")
        height = rows * 2 // 3
        chroma = np.ascontiguousarray(stacked[height:]).reshape(-1)
        if self._format == "NV12":
            return [stacked[:height], chroma.reshape(height // 2, width // 2, 2)]
        return [stacked[:height], *chroma.reshape(2, height // 2, width // 2)]

    @property
    def wanted(self) -> bool:
        """Somebody asks for pixels now. What nobody wants need not be made (but publish one picture, so that there is a topic)."""
        return self._native.demand().pixels

    @property
    def demand(self) -> _bus.Demand:
        """The most that readers ask for: pixels, fps (0: every one), width, height (0: the camera's own)."""
        return self._native.demand()

    def wait_wanted(self, timeout: float | None = None) -> bool:
        """Until somebody asks; seconds. False: the time is up."""
        return self._native.wait_demand(-1.0 if timeout is None else max(0.0, timeout))

    @property
    def paused(self) -> bool:
        """`vedette command <camera> pause` was given: publishing does nothing."""
        return self._native.paused()

    @property
    def mode(self) -> str:
        """The sentry's mode: standby, validation, tracking."""
        return self._native.mode()

    @property
    def copied(self) -> int:
        """Frames that had to be copied because slices of their planes were kept beyond the `with` block."""
        return self._copied


def camera(
    name: str,
    width: int,
    height: int,
    format: str = "I420",
    *,
    matrix: str = "bt601",
    full_range: bool | None = None,
    readers: int = 16,
    held_per_reader: int = 2,
    stall_after: float = 10.0,
    bus_dir: str | os.PathLike[str] | None = None,
) -> Camera:
    """Makes this program a camera: it writes <name>/frames, which the configuration declares as `url: "bus:"`.

    format       I420, NV12, YUYV, GRAY8, RGB24 or BGR24
    matrix       bt601 or bt709, of YUV formats
    full_range   luma is 0 to 255, not 16 to 235; None: True but for I420, NV12 and YUYV
    stall_after  signs of life are given by a native thread, however slow the Python loop is, but end when nothing was called on
                 the camera for so many seconds: then the page shows it as stale. 0: never

    Raises Busy when somebody else writes the topic, ResourceExhausted with the bytes needed when the tmpfs is too small.
    """
    return Camera(
        name,
        width,
        height,
        format,
        matrix,
        full_range,
        readers=readers,
        held_per_reader=held_per_reader,
        stall_after=stall_after,
        bus_dir=bus_directory(bus_dir),
    )
