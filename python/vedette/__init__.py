"""Frames, and everything found on them, of the cameras that Vedette watches: read in place, no copy.

    import vedette

    for frame in vedette.subscribe("cam0/frames"):
        print(frame.frame_id, frame.planes[0].mean())

`subscribe` reads a topic, `publish` adds one of your own (a stage), `camera` makes your program a camera. `wait_any` waits
for several topics, `Events` is for event loops (asyncio).
"""
from ._bus import Demand, TopicStats, __version__, default_bus_dir
from ._errors import (
    Busy,
    BusError,
    Closed,
    Corrupt,
    Incompatible,
    InvalidArgument,
    NoFreeSlot,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ShareUsed,
)
from ._log import LogSubscriber, Packet
from ._publisher import BytesPublisher, Camera, DetectionsPublisher, LoanedFrame, camera, publish
from ._records import Control, Count, Detection, Detections, Event, Frame, Media, Motion, Record, State, Track, Tracks
from ._subscriber import Events, Subscriber, subscribe, topics, wait_any

__all__ = [
    "BusError",
    "Busy",
    "BytesPublisher",
    "Camera",
    "Closed",
    "Control",
    "Corrupt",
    "Count",
    "Demand",
    "Detection",
    "Detections",
    "DetectionsPublisher",
    "Event",
    "Events",
    "Frame",
    "Incompatible",
    "InvalidArgument",
    "LogSubscriber",
    "LoanedFrame",
    "Media",
    "Motion",
    "NoFreeSlot",
    "NotFound",
    "Packet",
    "PermissionDenied",
    "Record",
    "ResourceExhausted",
    "ShareUsed",
    "State",
    "Subscriber",
    "TopicStats",
    "Track",
    "Tracks",
    "__version__",
    "camera",
    "default_bus_dir",
    "publish",
    "subscribe",
    "topics",
    "wait_any",
]
