"""What can go wrong, each with one sentence of the bus: what, where, what was expected."""


class BusError(Exception):
    """Anything the bus refuses; the base of all below."""


class InvalidArgument(BusError, ValueError):
    """A name, size or value that can't be; the same again won't help."""


class NotFound(BusError):
    """A directory or file isn't there (a topic that isn't there yet is no error: it is waited for)."""


class Busy(BusError):
    """Another writer has the topic; its pid is named."""


class PermissionDenied(BusError):
    """Owner or mode of the bus directory or a topic doesn't allow it."""


class ResourceExhausted(BusError):
    """No memory in the tmpfs, or no reader entry left; the number or the key to raise is named."""


class ShareUsed(ResourceExhausted):
    """This subscriber holds as many frames as it may: views keep them. Names the key to raise."""


class NoFreeSlot(ResourceExhausted):
    """All slots of a topic of one's own are held by readers; the loan was counted as a drop."""


class Incompatible(BusError):
    """Another layout version or schema."""


class Corrupt(BusError):
    """Bytes that can't be what they claim to be; nothing of the record was used."""


class Closed(BusError):
    """The subscriber or publisher was closed."""
