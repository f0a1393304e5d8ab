"""An RTSP camera: GStreamer's RTSP server, fed by the scene.

    rtsp_camera.py --port 8554 --mount /main=h264:/path/of/socket [--mount …] [--audio aac] [--auth digest --user u --password p]
                   [--wall-shift-s 10800]

Prints "listening" once it does. Each RTP packet's time stamp is that of when its picture was drawn; the sender reports tell the wall
clock, shifted by --wall-shift-s, as that of a camera that nobody has set. A client gets pictures from the next keyframe on.
"""
import argparse
import array
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

from records import Feed  # noqa: E402

NTP_EPOCH_S = 2208988800  # from 1900 to 1970
PAYLOADERS = {
    "h264": "video/x-h264,stream-format=byte-stream,alignment=au ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "video/x-h265,stream-format=byte-stream,alignment=au ! h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "image/jpeg ! jpegparse ! rtpjpegpay name=pay0 pt=26",
}
SOUND_RATE = 16000
SOUND = "appsrc name=sound is-live=true format=time block=false max-bytes=1000000 ! audioconvert ! audioresample"
AUDIO = {
    "none": "",
    "aac": SOUND + " ! audio/x-raw,rate=16000 ! voaacenc bitrate=32000 ! aacparse ! rtpmp4gpay name=pay1 pt=97",
    "pcmu": SOUND + " ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay name=pay1 pt=0",
}


def on_element(_pipeline, element):
    """Sender reports carry the pipeline clock's time, and that of the moment of capture."""
    if element.find_property("ntp-time-source"):
        element.set_property("ntp-time-source", 3)  # clock-time
        element.set_property("rtcp-sync-send-time", False)


def camera_clock(shift_s):
    """A clock that says what sender reports are to say: ns since 1900."""
    clock = Gst.SystemClock(clock_type=Gst.ClockType.MONOTONIC)
    now = clock.get_internal_time()
    wall = time.time_ns() + int((NTP_EPOCH_S + shift_s) * 1e9)
    clock.set_calibration(now, wall, 1, 1)
    return clock


class Mount:
    """One URL of the camera."""

    def __init__(self, server, path, codec, socket_path, audio, clock, permissions):
        self.feed = Feed(socket_path)
        self.sources = {}
        self.kind = Gst.Caps.from_string(PAYLOADERS[codec].split(" ! ")[0])
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f"( appsrc name=source is-live=true format=time block=false max-bytes=8000000 ! {PAYLOADERS[codec]} {AUDIO[audio]} )")
        factory.set_shared(True)
        factory.set_clock(clock)
        factory.set_permissions(permissions)
        factory.connect("media-configure", self.on_media)
        server.get_mount_points().add_factory(path, factory)

    def on_media(self, _factory, media):
        element = media.get_element()
        element.get_parent().connect("element-added", on_element)
        viewing = Viewing(element.get_by_name("source"), self.kind, element.get_by_name("sound"))
        self.feed.add(viewing.push)
        media.connect("unprepared", lambda _media: self.feed.remove(viewing.push))


class Viewing:
    """What one pipeline gets: the scene's pictures, and a tone of the same length."""

    def __init__(self, source, kind, sound):
        self.source = source
        self.sound = sound
        self.begun = False
        self.sound_until = None  # running time
        source.set_property("caps", kind)
        if sound is not None:
            sound.set_property("caps", Gst.Caps.from_string(
                f"audio/x-raw,format=S16LE,layout=interleaved,channels=1,rate={SOUND_RATE}"))

    def push(self, record):
        clock = self.source.get_clock()
        if clock is None or not (self.begun or record.keyframe):
            return
        # The scene's clock is CLOCK_MONOTONIC; the pipeline's runs as fast.
        age = time.monotonic_ns() - record.pts_ns
        pts = clock.get_time() - self.source.get_base_time() - age
        if pts < 0:
            return
        self.begun = True
        buffer = Gst.Buffer.new_wrapped(record.data)
        buffer.pts = pts
        buffer.dts = max(0, pts - max(0, record.pts_ns - record.dts_ns))
        self.source.emit("push-buffer", buffer)
        if self.sound is not None:
            self.push_sound(pts)

    def push_sound(self, until):
        begin = until - 40_000_000 if self.sound_until is None else self.sound_until
        samples = (until - begin) * SOUND_RATE // 1_000_000_000
        if begin < 0 or samples <= 0:
            return
        wave = array.array("h", (8000 * (1 if (i // 20) % 2 else -1) for i in range(samples)))
        buffer = Gst.Buffer.new_wrapped(wave.tobytes())
        buffer.pts = begin
        buffer.duration = samples * 1_000_000_000 // SOUND_RATE
        self.sound_until = begin + buffer.duration
        self.sound.emit("push-buffer", buffer)


def set_auth(server, options):
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("viewer" if options.auth != "none" else "anonymous")
    role = "viewer" if options.auth != "none" else "anonymous"
    permissions.add_permission_for_role(role, "media.factory.access", True)
    permissions.add_permission_for_role(role, "media.factory.construct", True)
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    if options.auth == "none":
        auth.set_default_token(token)
    elif options.auth == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options.user, options.password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    server.set_auth(auth)
    return permissions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", required=True)
    parser.add_argument("--mount", action="append", required=True)
    parser.add_argument("--audio", choices=AUDIO, default="none")
    parser.add_argument("--auth", choices=["none", "basic", "digest"], default="none")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--wall-shift-s", type=float, default=0)
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    permissions = set_auth(server, options)
    clock = camera_clock(options.wall_shift_s)
    mounts = []
    for mount in options.mount:
        path, _, rest = mount.partition("=")
        codec, _, socket_path = rest.partition(":")
        mounts.append(Mount(server, path, codec, socket_path, options.audio, clock, permissions))
    if server.attach(None) == 0:
        raise SystemExit(f"port {options.port} is taken")
    # Sessions of clients that were killed.
    GLib.timeout_add_seconds(2, lambda: server.get_session_pool().cleanup() >= 0)
    print("listening", flush=True)
    GLib.MainLoop().run()


main()
