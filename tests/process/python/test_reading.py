"""Reading: zero copy, read-only, how long a lease lives, what a fork and a broken peer may do to it."""
import ctypes
import gc
import os
import queue
import random
import signal
import struct
import threading
import time
import unittest

import numpy as np
import vedette
from support import BusTest, address_of, ended_by, mapping_at, offset_of, wait_until
from vedette import _bus

FORMATS = ("I420", "NV12", "YUYV", "GRAY8", "RGB24", "BGR24")


def pictures(format, width, height, seed=1):
    """Planes of noise, in the shapes the documentation promises."""
    half = ((height + 1) // 2, (width + 1) // 2)
    shapes = {
        "I420": [(height, width), half, half],
        "NV12": [(height, width), (*half, 2)],
        "YUYV": [(height, 2 * half[1], 2)],
        "GRAY8": [(height, width)],
        "RGB24": [(height, width, 3)],
        "BGR24": [(height, width, 3)],
    }[format]
    noise = np.random.default_rng(seed)
    return [noise.integers(0, 256, shape, np.uint8) for shape in shapes]


def numbered(camera, value):
    return camera.publish(np.full((4, 64), value % 256, np.uint8))


class Pixels(BusTest):
    def test_all_formats_come_out_as_they_went_in(self):
        for format in FORMATS:
            for width, height in ((64, 48), (65, 49), (1, 1)):
                with self.subTest(format=format, width=width, height=height):
                    name = f"{format.lower()}-{width}"
                    planes = pictures(format, width, height)
                    with vedette.camera(name, width, height, format) as camera, vedette.subscribe(f"{name}/frames") as frames:
                        if format == "YUYV" and width % 2:  # its arrays have an even width
                            continue
                        before = time.monotonic_ns()
                        with camera.loan() as loaned:
                            for target, plane in zip(loaned.planes, planes, strict=True):
                                target[:] = plane
                        frame = frames.take()
                        self.assertEqual((frame.width, frame.height, frame.format), (width, height, format))
                        self.assertEqual((frame.source_width, frame.camera), (width, name))
                        self.assertTrue(before <= frame.captured_at_ns <= frame.published_at_ns <= time.monotonic_ns())
                        self.assertGreaterEqual(frame.age, 0)
                        for seen, plane in zip(frame.planes, planes, strict=True):
                            np.testing.assert_array_equal(seen, plane)
                            self.assertEqual(seen.strides[0] % 64, 0)
                        del target, plane, seen  # the variables of a loop are views too
                        self.assertTrue(camera.publish(planes))
                        again = frames.take()
                        self.assertGreater(again.frame_id, frame.frame_id)
                        if len(planes) == 1:
                            np.testing.assert_array_equal(again.array, planes[0])
                        else:
                            self.assertRaises(ValueError, lambda frame=again: frame.array)
                        self.assertEqual(camera.copied, 0)

    def test_stacked_planes_as_opencv_has_them(self):
        for format in ("I420", "NV12"):
            planes = pictures(format, 64, 48)
            stacked = np.concatenate([plane.reshape(-1, 64) for plane in planes])
            with vedette.camera(format.lower(), 64, 48, format) as camera, vedette.subscribe(f"{camera.topic}") as frames:
                camera.publish(stacked)
                for seen, plane in zip(frames.take().planes, planes, strict=True):
                    np.testing.assert_array_equal(seen, plane)

    def test_to_rgb_is_a_copy_in_the_right_colours(self):
        red = {  # BT.601: Y 76 of full range is 81 of limited range, Cb 90, Cr 240
            "RGB24": [[255, 0, 0]],
            "BGR24": [[0, 0, 255]],
            "I420": [81, 90, 240],
            "NV12": [81, [90, 240]],
        }
        for format, values in red.items():
            with vedette.camera(format.lower(), 64, 32, format) as camera, vedette.subscribe(camera.topic) as frames:
                with camera.loan() as loaned:
                    for plane, value in zip(loaned.planes, values, strict=True):
                        plane[:] = value
                frame = frames.take()
                rgb = frame.to_rgb()
                self.assertEqual(rgb.shape, (32, 64, 3))
                np.testing.assert_allclose(rgb.reshape(-1, 3).astype(int), [[255, 0, 0]] * (64 * 32), atol=3)
                self.assertEqual(frame.to_rgb(16, 8).shape, (8, 16, 3))
                self.assertTrue(rgb.flags.owndata and rgb.flags.writeable)

    def test_a_plane_lies_in_the_topics_file(self):
        with vedette.camera("cam0", 64, 48, "I420") as camera, vedette.subscribe("cam0/frames") as frames:
            camera.publish(pictures("I420", 64, 48))
            inode = os.stat(self.file("cam0/frames")).st_ino
            for plane in frames.take().planes:
                self.assertEqual(mapping_at(address_of(plane))[:2], ("r--s", inode))

    def test_read_only_by_flag_and_by_the_kernel(self):
        with vedette.camera("cam0", 64, 48, "GRAY8") as camera, vedette.subscribe("cam0/frames") as frames:
            camera.publish(pictures("GRAY8", 64, 48))
            plane = frames.take().array
            with self.assertRaises(ValueError):
                plane[0, 0] = 1
            with self.assertRaises(ValueError):
                plane.flags.writeable = True
            with self.assertRaises(ValueError):
                np.asarray(plane)[1:].view().flags.writeable = True
            self.assertTrue(memoryview(plane).readonly)
            self.assertRaises(TypeError, ctypes.c_char.from_buffer, plane)
            with self.program(
                "import ctypes\nframe = next(vedette.subscribe('cam0/frames'))\n"
                "print('got it', flush=True)\n"
                "ctypes.memset(frame.array.__array_interface__['data'][0], 0, 1)\nprint('written')\n"
            ) as vandal:
                self.assertEqual(vandal.stdout.readline(), "got it\n")
                self.assertTrue(ended_by(vandal, signal.SIGSEGV))
            self.assertEqual(plane[0, 0], pictures("GRAY8", 64, 48)[0][0, 0])


class LeaseLifetime(BusTest):
    def setUp(self):
        super().setUp()
        self.camera = vedette.camera("cam0", 64, 4, "GRAY8", readers=4, held_per_reader=3)
        self.addCleanup(self.camera.close)
        self.frames = vedette.subscribe("cam0/frames")
        self.other = vedette.subscribe("cam0/frames")

    def offsets(self, count):
        """Where in the file the next `count` frames lie."""
        seen = set()
        for value in range(count):
            self.assertTrue(numbered(self.camera, value))
            seen.add(offset_of(self.other.take().array))
        return seen

    def expect_kept(self, make_view):
        numbered(self.camera, 201)
        frame = self.frames.take()
        offset = offset_of(frame.array)
        view = make_view(frame)
        del frame
        gc.collect()
        self.assertNotIn(offset, self.offsets(40))
        self.assertTrue((np.asarray(view) == 201).all())
        del view
        self.assertIn(offset, self.offsets(40))

    def test_the_frame_itself(self):
        self.expect_kept(lambda frame: frame.array)

    def test_a_slice_of_a_slice(self):
        self.expect_kept(lambda frame: frame.planes[0][1:3][:, 5:9].T)

    def test_asarray_and_other_views(self):
        self.expect_kept(lambda frame: np.asarray(frame.array).view().reshape(-1)[::3])

    def test_a_memoryview(self):
        self.expect_kept(lambda frame: memoryview(frame.array)[1:])

    def test_a_view_outlives_its_subscriber(self):
        def view_only(frame):
            view = frame.array[:]
            self.frames.close()
            del self.frames
            return view

        self.expect_kept(view_only)

    def test_released_at_once_but_not_under_a_view(self):
        numbered(self.camera, 7)
        frame = self.frames.take()
        offset = offset_of(frame.array)
        part = frame.array[1:]
        self.assertRaisesRegex(BufferError, "still in use", frame.release)
        self.assertTrue((frame.array == 7).all())
        del part
        with frame:
            pass
        self.assertRaisesRegex(vedette.BusError, "released", lambda: frame.planes)
        self.assertRaisesRegex(vedette.BusError, "released", frame.to_rgb)
        self.assertIn(offset, self.offsets(40))

    def test_too_many_kept_views_are_refused_by_the_name_of_the_key(self):
        kept = []
        with self.assertRaisesRegex(vedette.ShareUsed, r"cam0/frames: .* all 3 .*bus\.held_per_reader"):
            for value in range(10):
                numbered(self.camera, value)
                kept.append(self.frames.take().array)
        self.assertEqual(len(kept), 3)
        self.assertTrue(numbered(self.camera, 1), "the writer isn't held up")
        kept.pop()
        self.assertIsNotNone(self.frames.take())

    def test_the_garbage_collector_of_another_thread_may_drop_them(self):
        views = queue.SimpleQueue()

        def drop_all():
            while (view := views.get()) is not None:
                self.assertEqual(len(set(view.flat)), 1)
                del view

        thread = threading.Thread(target=drop_all)
        thread.start()
        for value in range(3000):
            numbered(self.camera, value)
            while True:
                try:
                    view = self.frames.take().array
                    break
                except vedette.ShareUsed:
                    time.sleep(0)
            self.assertEqual(view[3, 63], value % 256)
            views.put(view)
            del view
        views.put(None)
        thread.join()
        kept = []
        for value in range(3):  # the whole share is there again
            numbered(self.camera, value)
            kept.append(self.frames.take())

    def test_a_cycle_of_garbage_gives_its_lease_back(self):
        numbered(self.camera, 1)
        frame = self.frames.take()
        offset = offset_of(frame.array)
        cycle = {"frame": frame, "view": frame.array[1:]}
        cycle["self"] = cycle
        del frame, cycle
        gc.collect()
        self.assertIn(offset, self.offsets(40))


class Fork(BusTest):
    def test_a_forked_child_gets_an_exception_and_harms_nobody(self):
        with vedette.camera("cam0", 64, 4, "GRAY8", held_per_reader=1) as camera:
            frames = vedette.subscribe("cam0/frames")
            numbered(camera, 9)
            frame = frames.take()
            view = frame.array
            child = os.fork()
            if child == 0:
                try:
                    for use in (frames.take, frames.wait, lambda: numbered(camera, 1), lambda: camera.wanted, frame.to_rgb):
                        try:
                            use()
                            os._exit(2)
                        except vedette.BusError as error:
                            if "forked" not in str(error):
                                os._exit(3)
                    frames.close()
                    camera.close()
                    del frames, frame, view, camera
                    gc.collect()
                    own = vedette.subscribe("cam0/frames")
                    os._exit(0 if own.take().array[0, 0] == 9 else 4)
                finally:
                    os._exit(5)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
            self.assertTrue((view == 9).all())
            self.assertRaises(vedette.ShareUsed, lambda: (numbered(camera, 1), frames.take()))
            del view, frame
            self.assertEqual(frames.take().array[0, 0], 1)


class Refusals(BusTest):
    def test_names_and_values(self):
        for topic in ("cam0", "cam0/", "../x/y", "cam0/Frames", "a/" + 32 * "b"):
            self.assertRaises(vedette.InvalidArgument, vedette.subscribe, topic)
        self.assertRaises(ValueError, vedette.subscribe, "cam0/frames", mode="oldest")
        self.assertRaises(vedette.InvalidArgument, vedette.subscribe, "cam0/frames", bus_dir="/tmp")

    def test_a_full_table_names_the_key(self):
        with vedette.publish("cam0/t", slot_bytes=8, readers=2) as topic:
            topic.publish(b"x")
            both = [vedette.subscribe("cam0/t") for _ in range(2)]
            for subscriber in both:
                subscriber.take()
            self.assertRaisesRegex(vedette.ResourceExhausted, r"bus\.readers", vedette.subscribe, "cam0/t")
            both.pop().close()
            self.assertIsNotNone(vedette.subscribe("cam0/t").take())
            self.assertIsNotNone(vedette.subscribe("cam0/t").take(), "gone with the object, without close()")

    def test_a_full_table_met_later_is_told_by_who_waits_or_takes(self):
        third = vedette.subscribe("cam0/t")
        with vedette.publish("cam0/t", slot_bytes=8, readers=2) as topic:
            topic.publish(b"x")
            both = [vedette.subscribe("cam0/t") for _ in range(2)]
            self.assertRaisesRegex(vedette.ResourceExhausted, r"bus\.readers", third.wait)
            wait_until(lambda: self.refuses(third.take))
            both.pop().close()
            wait_until(lambda: not self.refuses(lambda: self.assertIsNotNone(third.take())))

    def refuses(self, take):
        try:
            take()
            return False
        except (vedette.ResourceExhausted, AssertionError):
            return True

    def test_another_layout_version_is_refused_with_both_numbers(self):
        with vedette.publish("cam0/t", slot_bytes=8):
            with open(self.file("cam0/t"), "r+b") as file:
                file.seek(8)
                file.write(struct.pack("<I", 77))
            self.assertRaisesRegex(vedette.Incompatible, r"version 77.*version \d+", vedette.subscribe, "cam0/t")

    def test_a_topic_of_an_unknown_schema_is_bytes(self):
        writer = self.raw("cam0/t", 0xABC, metadata="what it is")
        writer.publish_bytes(b"12345678", 5)
        record = vedette.subscribe("cam0/t").take()
        self.assertEqual((record.frame_id, record.schema_id, record.metadata), (5, 0xABC, "what it is"))
        self.assertEqual(bytes(record.bytes), b"12345678")
        self.assertTrue(record.bytes.readonly)
        self.assertEqual(record.array(np.uint32).shape, (2,))
        self.assertRaises(vedette.Corrupt, record.array, np.uint32, (3,))
        for nonsense in ((object,), ("S0",), (np.uint32, (-1,)), (np.uint8, (2**40, 2**40)), ()):
            self.assertRaises((ValueError, vedette.Corrupt), record.array, *nonsense)

    def test_records_that_cannot_be_are_refused_and_the_next_good_one_is_taken(self):
        writer = self.raw("cam0/d", _bus.DETECTIONS_SCHEMA, metadata="person\ndog")
        subscriber = vedette.subscribe("cam0/d")
        box = struct.pack("<5fHH", 0.1, 0.1, 0.2, 0.2, 0.5, 1, 0)
        head = struct.pack("<4Q4Q4I", 7, 1, 2, 3, 0, 0, 0, 0, 1, 640, 480, 0)
        for bad in (
            b"",
            head[:40],
            head,  # says 1 box, has none
            head[:64] + struct.pack("<I", 2**32 - 1) + head[68:] + box,
            head + struct.pack("<5fHH", 0.9, 0.1, 0.2, 0.2, 0.5, 1, 0),  # out of the picture
            head + struct.pack("<5fHH", float("nan"), 0.1, 0.2, 0.2, 0.5, 1, 0),
        ):
            writer.publish_bytes(bad, 1)
            self.assertRaises(vedette.Corrupt, subscriber.take)
        writer.publish_bytes(head + box, 7)
        found = next(subscriber)
        self.assertEqual((found.frame_id, found.source_width, [b.label for b in found]), (7, 640, ["dog"]))

    def test_noise_is_refused_or_read_but_never_a_crash(self):
        noise = random.Random(3)
        good = self.good_records()
        seen = {"refused": 0, "read": 0}
        for schema, record in good.items():
            topic = f"cam0/noise{schema & 0xffff_0000:x}"
            writer = self.raw(topic, schema, metadata="a\nb")
            subscriber = vedette.subscribe(topic)
            for _ in range(400):
                bad = bytearray(record)
                for _ in range(noise.randrange(1, 6)):
                    bad[noise.randrange(len(bad))] = noise.choice((0, 1, 127, 128, 255, noise.randrange(256)))
                writer.publish_bytes(bytes(bad[: noise.randrange(len(bad) + 1)] if noise.random() < 0.3 else bad), 1)
                try:
                    result = subscriber.take()
                    if isinstance(result, vedette.Frame):
                        for plane in result.planes:
                            int(plane[-1].sum())
                        result.to_rgb(8, 8)
                    repr(result)
                    seen["read"] += 1
                except vedette.Corrupt:
                    seen["refused"] += 1
        self.assertGreater(seen["refused"], 100, seen)
        self.assertGreater(seen["read"], 100, seen)

    def good_records(self):
        """One of each schema; the tables are what their vtables say with every field left out or small."""
        with vedette.camera("good", 32, 8, "I420") as camera, vedette.subscribe("good/frames") as frames:
            camera.publish(pictures("I420", 32, 8))
            frame = bytes(memoryview(frames.take()._flat))
        box = struct.pack("<5fHH", 0.1, 0.1, 0.2, 0.2, 0.5, 1, 0)
        detections = struct.pack("<4Q4Q4I", 7, 1, 2, 3, 0, 0, 0, 0, 1, 640, 480, 0) + box
        # vtable (size 6, table size 5, field 0 at 4), table (offset back to vtable, mode = 2)
        table = struct.pack("<IHHHHiB3x", 12, 6, 5, 4, 0, 8, 2)
        return {
            _bus.FRAME_SCHEMA: frame,
            _bus.DETECTIONS_SCHEMA: detections,
            _bus.MOTION_SCHEMA: self.motion_record(),
            _bus.TRACKS_SCHEMA: self.tracks_record(),
            _bus.STATE_SCHEMA: table,
            _bus.CONTROL_SCHEMA: table,
            _bus.EVENT_SCHEMA: struct.pack("<IHHHHi4x", 12, 4, 4, 0, 0, 8),
        }

    def motion_record(self, columns=4, rows=3, area=0.25, zones=2):
        """MotionInfo, then a byte of motion and a byte of luma for each cell."""
        head = struct.pack("<3Q4Q4Hf4BI16f4x", 7, 1, 2, 0, 0, 0, 0, columns, rows, 12, 12, area, 12, 1, 0, 1, zones, *[0.5] * 16)
        return head + bytes(range(12)) + bytes(range(100, 112))

    def test_motion_is_an_object_with_arrays(self):
        writer = self.raw("cam0/motion", _bus.MOTION_SCHEMA)
        subscriber = vedette.subscribe("cam0/motion", vedette.Motion, mode="next")
        for bad in (
            b"",
            self.motion_record()[:-1],
            self.motion_record(columns=5),
            self.motion_record(columns=0),
            self.motion_record(columns=65535, rows=65535),
            self.motion_record(area=float("nan")),
            self.motion_record(area=1.5),
            self.motion_record(zones=17),
        ):
            writer.publish_bytes(bad, 1)
            self.assertRaises(vedette.Corrupt, subscriber.take)
        writer.publish_bytes(self.motion_record(), 7)
        motion = subscriber.take()
        self.assertEqual((motion.camera, motion.frame_id, motion.moving, motion.light_changed), ("cam0", 7, True, False))
        self.assertEqual((motion.area, motion.threshold, motion.zone_area), (0.25, 12, (0.5, 0.5)))
        self.assertTrue(motion.model_skipped)
        self.assertEqual(motion.cells.shape, (3, 4))
        self.assertEqual((motion.cells[2, 1], motion.luma[0, 3], motion.luma.dtype), (9, 103, np.uint8))
        self.assertEqual((motion.cells >= motion.threshold).sum(), 0)
        self.assertGreater(motion.age, 0)
        writer.publish_bytes(bytes(200), 8)
        self.assertEqual(motion.luma[2, 3], 111, "it is a copy")

    def tracks_record(self, count=1, height=0.4, phase=1):
        """TracksInfo, then its Tracks."""
        head = struct.pack("<3Q4Q4I", 7, 1, 2, 0, 0, 0, 0, count, 640, 480, 12)
        return head + struct.pack("<4Q4f2ffIHB5x", 11, 3, 5, 4, 0.1, 0.2, 0.3, height, 0.5, -0.25, 0.75, 2, 1, phase)

    def test_tracks_are_objects(self):
        writer = self.raw("cam0/tracks", _bus.TRACKS_SCHEMA)
        subscriber = vedette.subscribe("cam0/tracks", vedette.Tracks, mode="next")
        for bad in (b"", self.tracks_record()[:-1], self.tracks_record(count=2), self.tracks_record(height=1.5), self.tracks_record(phase=3)):
            writer.publish_bytes(bad, 1)
            self.assertRaises(vedette.Corrupt, subscriber.take)
        writer.publish_bytes(self.tracks_record(), 7)
        tracks = subscriber.take()
        self.assertEqual((tracks.camera, tracks.frame_id, len(tracks), tracks.source_width), ("cam0", 7, 1, 640))
        (track,) = tracks
        self.assertEqual((track.id, track.phase, track.class_id, track.zones), (11, "confirmed", 1, 2))
        self.assertEqual((track.velocity_x, track.velocity_y, track.score), (0.5, -0.25, 0.75))
        self.assertEqual((track.first_at_ns, track.seen_at_ns, track.still_since_ns), (3, 5, 4))

    def test_tables_are_objects(self):
        good = self.good_records()
        for name, schema in (("state", _bus.STATE_SCHEMA), ("control", _bus.CONTROL_SCHEMA), ("events", _bus.EVENT_SCHEMA)):
            self.raw(f"cam0/{name}", schema).publish_bytes(good[schema], 1)
        state = vedette.subscribe("cam0/state").take()
        self.assertEqual((state.camera, state.mode, state.targets), ("cam0", "tracking", 0))
        self.assertEqual(vedette.subscribe("cam0/control").take().mode, "tracking")
        event = vedette.subscribe("cam0/events").take()
        self.assertEqual((event.kind, event.label, event.phase, event.track_id), ("alarm", "", "once", 0))
        self.assertEqual((state.detecting, state.counts, state.threshold), (True, [], 0.0))


if __name__ == "__main__":
    unittest.main()
