"""What a topic's records are in Python. Frames and raw records are read in place; everything else is copied and checked."""
from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _bus
from ._errors import BusError, Corrupt

Pixels = NDArray[np.uint8]

# Raw bytes of a topic made by vedette.publish(); its metadata may say "array <dtype> 480x640".
BYTES_SCHEMA = 0x5644_4259_0001  # "VDBY" 1


def _age(stamp_ns: int) -> float:
    return max(0, time.monotonic_ns() - stamp_ns) / 1e9


def plane_shapes(format: str, width: int, height: int) -> list[tuple[int, ...]]:
    """The shapes of a picture's planes as NumPy arrays of bytes; chroma sides are rounded up."""
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    shapes: dict[str, list[tuple[int, ...]]] = {
        "I420": [(height, width), (half_height, half_width), (half_height, half_width)],
        "NV12": [(height, width), (half_height, half_width, 2)],
        "YUYV": [(height, 2 * half_width, 2)],
        "GRAY8": [(height, width)],
        "RGB24": [(height, width, 3)],
        "BGR24": [(height, width, 3)],
    }
    return shapes[format]


def plane_views(
    slot: Pixels, format: str, width: int, height: int, layout: list[tuple[int, int, int, int]]
) -> list[Pixels]:
    """The planes in a slot's bytes; `layout` has (offset, stride, row bytes, rows) of each."""
    views: list[Pixels] = []
    for shape, (offset, stride, _, _) in zip(plane_shapes(format, width, height), layout, strict=True):
        strides = (stride, 1) if len(shape) == 2 else (stride, shape[2], 1)
        views.append(np.ndarray(shape, np.uint8, buffer=slot, offset=offset, strides=strides))
    return views


class _Leased:
    """A slot of the bus that is read in place. It isn't reused while this object or any view made from it is alive."""

    __slots__ = ("__weakref__", "_flat", "_lease")

    def __init__(self, lease: _bus.Lease) -> None:
        self._lease = lease
        # Its base is a memoryview of the lease: each view of it keeps the lease, the lease knows that there are views.
        self._flat: Pixels | None = np.frombuffer(memoryview(lease), np.uint8)

    @property
    def frame_id(self) -> int:
        """Of the frame this is, or belongs to."""
        return self._lease.frame_id

    @property
    def sequence(self) -> int:
        """1, 2, 3, … in the order of publishing."""
        return self._lease.sequence

    @property
    def missed(self) -> int:
        """Records published between the one taken before and this one; 0 for what find() found."""
        return self._lease.missed

    @property
    def _slot(self) -> Pixels:
        if self._flat is None:
            raise BusError("this frame or record was released")
        return self._flat

    def release(self) -> None:
        """Gives the slot back at once. Without this, that happens when the last view is gone.

        Raises BufferError while views of it are in use.
        """
        if self._flat is None:
            return
        flat, self._flat = self._flat, None
        self._drop_views()
        del flat
        try:
            self._lease.release()
        except BufferError:
            self._flat = np.frombuffer(memoryview(self._lease), np.uint8)
            raise

    def _drop_views(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Frame(_Leased):
    """One picture, read where the camera wrote it.

    planes are NumPy arrays of bytes on the slot itself: no copy, read-only, rows `stride` bytes apart. The slot isn't reused
    while this frame or any view made from it (slices, np.asarray, memoryview) is alive. A subscriber may hold only a few at
    once (`bus.held_per_reader`, 2): copy what you keep. Don't use views in a forked child: shared memory isn't inherited.
    """

    __slots__ = ("_info", "_planes")

    def __init__(self, lease: _bus.Lease) -> None:
        self._info = _bus.frame_info(lease)
        self._planes: tuple[Pixels, ...] | None = None
        super().__init__(lease)

    @property
    def planes(self) -> tuple[Pixels, ...]:
        """I420: Y (H×W), U and V (⌈H/2⌉×⌈W/2⌉). NV12: Y, UV (⌈H/2⌉×⌈W/2⌉×2). YUYV: H×W×2. GRAY8: H×W. RGB24, BGR24: H×W×3."""
        if self._planes is None:
            info = self._info
            self._planes = tuple(plane_views(self._slot, info.format, info.width, info.height, info.planes))
        return self._planes

    def _drop_views(self) -> None:
        self._planes = None

    @property
    def array(self) -> Pixels:
        """The one plane of GRAY8 (H×W), RGB24, BGR24 (H×W×3) and YUYV (H×W×2). ValueError for I420 and NV12."""
        if len(self.planes) != 1:
            raise ValueError(f"{self.format} has {len(self.planes)} planes: use .planes, or .to_rgb(), which copies")
        return self.planes[0]

    def to_rgb(self, width: int | None = None, height: int | None = None) -> Pixels:
        """A copy as RGB, H×W×3 bytes, by the frame's own colour matrix and range, as the detector sees it; resized (bilinear,
        aspect ratio as asked) if a size is given."""
        _ = self._slot  # refuses a released frame
        rgb = np.empty((height or self.height, width or self.width, 3), np.uint8)
        _bus.to_rgb(self._lease, self._info, rgb, rgb.shape[1], rgb.shape[0])
        return rgb

    @property
    def captured_at_ns(self) -> int:
        """When the sensor took it, time.monotonic_ns()'s clock."""
        return self._info.captured_at_ns

    @property
    def published_at_ns(self) -> int:
        """When it came onto the bus, the same clock."""
        return self._info.published_at_ns

    @property
    def wall_at_ns(self) -> int:
        """When the sensor took it, nanoseconds since the Unix epoch."""
        return self._info.wall_at_ns

    @property
    def age(self) -> float:
        """Seconds since the sensor took it."""
        return _age(self.captured_at_ns)

    @property
    def width(self) -> int:
        """Pixels of this picture; the camera's own may be larger (source_width)."""
        return self._info.width

    @property
    def height(self) -> int:
        return self._info.height

    @property
    def source_width(self) -> int:
        """Pixels of the camera's own picture: boxes are relative to it."""
        return self._info.source_width

    @property
    def source_height(self) -> int:
        return self._info.source_height

    @property
    def format(self) -> str:
        """I420, NV12, YUYV, GRAY8, RGB24 or BGR24."""
        return self._info.format

    @property
    def matrix(self) -> str:
        """bt601 or bt709."""
        return self._info.matrix

    @property
    def full_range(self) -> bool:
        """Luma is 0 to 255 (True) or 16 to 235."""
        return self._info.full_range

    @property
    def camera(self) -> str:
        return self._info.camera

    @property
    def mode(self) -> str:
        """The sentry's mode when it was taken: standby, validation, tracking."""
        return self._info.mode

    def __repr__(self) -> str:
        return f"<Frame {self.frame_id} of {self.camera}: {self.width}x{self.height} {self.format}, {self.missed} missed>"


class Record(_Leased):
    """A record of a schema that this package doesn't know, or raw bytes: read in place, under the same rules as a Frame."""

    __slots__ = ()

    @property
    def schema_id(self) -> int:
        return self._lease.schema_id

    @property
    def metadata(self) -> str:
        """The topic's fixed text."""
        return self._lease.metadata

    @property
    def bytes(self) -> memoryview:
        """The record, read-only, not copied."""
        return memoryview(self._slot)  # type: ignore[arg-type,unused-ignore]

    def array(self, dtype: DTypeLike | None = None, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
        """The record as an array, not copied, read-only. Topics made by vedette.publish(shape=…) say dtype and shape themselves.

        Raises Corrupt if the record is too short for it.
        """
        if dtype is None:
            dtype, shape = parse_array_metadata(self.metadata)
        kind = np.dtype(dtype)
        if kind.hasobject or kind.itemsize == 0:
            raise ValueError(f"an array of {kind} can't lie in shared memory")
        count = self._slot.size // kind.itemsize if shape is None else math.prod(shape)
        if min(shape or (0,)) < 0 or count * kind.itemsize > self._slot.size:
            raise Corrupt(f"record of {self._slot.size} bytes is too short for {count} × {kind}")
        flat = self._slot[: count * kind.itemsize].view(kind)
        return flat if shape is None else flat.reshape(shape)

    def __repr__(self) -> str:
        return f"<Record {self.frame_id}: {self._slot.size} bytes of schema {self.schema_id:#x}>"


def array_metadata(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"array {dtype.str} {'x'.join(map(str, shape))}"


def parse_array_metadata(metadata: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    try:
        word, dtype, sides = metadata.split(" ")
        if word != "array":
            raise ValueError
        return np.dtype(dtype), tuple(int(side) for side in sides.split("x") if side)
    except (ValueError, TypeError):
        raise ValueError("the topic's metadata doesn't say what array its records are: name dtype and shape") from None


@dataclass(frozen=True, slots=True)
class Detection:
    """One object on one frame. x, y: top left corner; all four are relative to the source picture, 0 to 1."""

    label: str
    score: float
    x: float
    y: float
    width: float
    height: float
    class_id: int = -1
    """Index into the topic's class names; publishing goes by the label and fills it in."""


@dataclass(frozen=True, slots=True)
class Detections:
    """All objects found on one frame. Iterates over its boxes."""

    camera: str
    frame_id: int
    boxes: list[Detection]
    captured_at_ns: int
    """Of the frame, time.monotonic_ns()'s clock."""
    published_at_ns: int
    inference_ns: int
    """Time the model took."""
    source_width: int
    source_height: int
    missed: int = 0

    @property
    def age(self) -> float:
        """Seconds since the frame was taken."""
        return _age(self.captured_at_ns)

    def __iter__(self) -> Iterator[Detection]:
        return iter(self.boxes)

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class Track:
    """One object that is followed over frames. x, y: top left corner; positions are relative to the source picture, 0 to 1."""

    id: int
    """Of the camera; kept while the object is, over a restart of control too."""
    label: str
    class_id: int
    phase: str
    """tentative (seen too few times to be sure of it), confirmed, lost (not detected on this frame: where it should be)"""
    score: float
    x: float
    y: float
    width: float
    height: float
    velocity_x: float
    """Of its centre, parts of the picture a second."""
    velocity_y: float
    zones: int
    """Bit i: it stands in the camera's zone i."""
    first_at_ns: int
    """When it was seen first, time.monotonic_ns()'s clock, as all three."""
    seen_at_ns: int
    still_since_ns: int
    """From then on it has stayed where it is; 0: it moves."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """All objects that are followed, as of one frame (<camera>/tracks). Iterates over them."""

    camera: str
    frame_id: int
    tracks: list[Track]
    captured_at_ns: int
    """Of the frame, time.monotonic_ns()'s clock."""
    published_at_ns: int
    source_width: int
    source_height: int
    missed: int = 0

    @property
    def age(self) -> float:
        """Seconds since the frame was taken."""
        return _age(self.captured_at_ns)

    def __iter__(self) -> Iterator[Track]:
        return iter(self.tracks)

    def __len__(self) -> int:
        return len(self.tracks)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moves on one frame (<camera>/motion): the picture in cells, row by row, compared with what the camera usually shows."""

    camera: str
    frame_id: int
    cells: Pixels
    """rows × columns: how far each cell's brightness is from the usual, less its noise; `threshold` and more is motion."""
    luma: Pixels
    """rows × columns: the mean brightness of each, 0 to 255."""
    threshold: int
    moving: bool
    """Enough of the watched cells, or of a zone's, to look at the picture."""
    light_changed: bool
    """So much changed at once that it was taken for light."""
    model_skipped: bool
    """The detector was spared this frame: there are no detections of it."""
    area: float
    """Part of the watched cells that moves, 0 to 1: those in `detect_region` that aren't in ignored zones alone."""
    zone_area: tuple[float, ...]
    """Part of each zone's cells, watched or not, that moves, in the configuration's order."""
    cell_width: int
    """Pixels of the frame in a cell; the last ones may have fewer."""
    cell_height: int
    captured_at_ns: int
    """Of the frame, time.monotonic_ns()'s clock."""
    published_at_ns: int
    missed: int = 0

    @property
    def age(self) -> float:
        """Seconds since the frame was taken."""
        return _age(self.captured_at_ns)


@dataclass(frozen=True, slots=True)
class Count:
    """Objects in a zone now, or that have crossed a line since counting began."""

    place: str
    """The zone's or line's name; "": the whole picture."""
    label: str
    inside: int
    into: int
    """Of a line: crossed from the left of its direction to the right."""
    out_of: int


@dataclass(frozen=True, slots=True)
class State:
    """What control makes of a camera's detections (<camera>/state)."""

    camera: str
    mode: str
    """standby, validation, tracking"""
    previous_mode: str
    since_ns: int
    heartbeat_at_ns: int
    paused: bool
    last_frame_id: int
    targets: int
    detections_stale: bool
    still: bool
    """nothing moves: the model is spared, its last detections still hold"""
    detecting: bool
    """False: by command, nothing is detected here"""
    threshold: float
    """least score that counts for an alarm"""
    forced: bool
    """`mode` holds by command, whatever is observed"""
    counts: list[Count]
    """those that aren't 0"""


@dataclass(frozen=True, slots=True)
class Control:
    """What a camera shall do (<camera>/control)."""

    camera: str
    mode: str
    detect_fps: float
    paused: bool
    session: int
    heartbeat_at_ns: int
    forced: bool
    detecting: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person wants to be told (<camera>/events). Of an object or a crowd there is one start, any number of updates,
    and one end, all under one id."""

    camera: str
    id: int
    kind: str
    """alarm, standby, camera_lost, camera_back, detector_lost, detector_back, object, crowd, recording_stopped, recording_back"""
    at_ns: int
    wall_at_ns: int
    frame_id: int
    label: str
    score: float
    text: str
    phase: str
    """once, start, update, end"""
    rule: str
    zone: str
    """The zone or line it is about; "": the whole picture."""
    track_id: int
    started_at_ns: int
    started_wall_at_ns: int
    best_frame_id: int
    """The frame that shows it best so far, and where on it; 0: none."""
    best_captured_at_ns: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Media:
    """A file that was recorded about an event (<camera>/media)."""

    camera: str
    event_id: int
    kind: str
    """snapshot, clip"""
    at_ns: int
    path: str
    frame_id: int
    """Snapshot: of this frame; clip: its first."""
    bytes: int
    duration_ms: int


AnyRecord = Frame | Detections | Tracks | Motion | State | Control | Event | Media | Record


class Decoder:
    """Turns leases of one topic into records. Remembers the class names, which stand in the topic's metadata."""

    def __init__(self, topic: str) -> None:
        self._camera = topic.split("/", 1)[0]
        self._metadata: str | None = None
        self._names: list[str] = []

    def class_name(self, metadata: str, class_id: int) -> str:
        if metadata != self._metadata:
            self._metadata, self._names = metadata, _bus.split_class_names(metadata)
        return self._names[class_id] if class_id < len(self._names) else str(class_id)

    def __call__(self, lease: _bus.Lease) -> AnyRecord:
        schema = lease.schema_id
        if schema == _bus.FRAME_SCHEMA:
            return Frame(lease)
        if schema == _bus.DETECTIONS_SCHEMA:
            return self._detections(lease)
        if schema == _bus.MOTION_SCHEMA:
            return self._motion(lease)
        if schema == _bus.TRACKS_SCHEMA:
            return self._tracks(lease)
        if schema == _bus.STATE_SCHEMA:
            fields = _bus.state(lease)
            counts = [Count(*count) for count in fields.pop("counts")]
            return State(self._camera, counts=counts, **fields)
        if schema == _bus.CONTROL_SCHEMA:
            return Control(self._camera, **_bus.control(lease))
        if schema == _bus.EVENT_SCHEMA:
            return Event(self._camera, **_bus.event(lease))
        if schema == _bus.MEDIA_SCHEMA:
            return Media(self._camera, **_bus.media(lease))
        return Record(lease)

    def _detections(self, lease: _bus.Lease) -> Detections:
        fields = _bus.detections(lease)
        metadata = lease.metadata
        boxes = [
            Detection(self.class_name(metadata, class_id), score, x, y, width, height, class_id)
            for class_id, score, x, y, width, height in fields.pop("boxes")
        ]
        return Detections(self._camera, boxes=boxes, missed=lease.missed, **fields)

    def _tracks(self, lease: _bus.Lease) -> Tracks:
        fields = _bus.tracks(lease)
        metadata = lease.metadata
        tracks = [Track(label=self.class_name(metadata, track["class_id"]), **track) for track in fields.pop("tracks")]
        return Tracks(self._camera, tracks=tracks, missed=lease.missed, **fields)

    def _motion(self, lease: _bus.Lease) -> Motion:
        fields = _bus.motion(lease)
        shape = fields.pop("rows"), fields.pop("columns")
        cells, luma = (np.frombuffer(fields.pop(name), np.uint8).reshape(shape) for name in ("cells", "luma"))
        return Motion(self._camera, cells=cells, luma=luma, missed=lease.missed, **fields)
