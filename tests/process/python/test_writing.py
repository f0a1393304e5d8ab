"""Writing: a loan is nobody's after its publication, whatever views of it are left; signs of life; topics of one's own."""
import os
import time
import unittest

import numpy as np
import vedette
from support import BusTest, wait_until


class Loans(BusTest):
    def setUp(self):
        super().setUp()
        self.camera = vedette.camera("cam0", 64, 8, "GRAY8")
        self.addCleanup(self.camera.close)
        self.frames = vedette.subscribe("cam0/frames")

    def test_planes_are_read_only_once_published(self):
        with self.camera.loan() as loaned:
            kept = loaned.array
            kept[:] = 5
        with self.assertRaises(ValueError):
            kept[0, 0] = 6
        with self.assertRaises(ValueError):
            kept[2:4][0] = 6
        self.assertTrue((self.frames.take().array == 5).all())
        self.assertEqual(self.camera.copied, 0)
        self.assertRaises(vedette.InvalidArgument, loaned.publish)

    def test_slices_that_outlive_the_block_cannot_change_what_was_published(self):
        views = (
            lambda plane: plane[2:4],
            lambda plane: plane.reshape(-1)[::2],
            lambda plane: [row for row in plane],
            lambda plane: plane.view(np.int8).T,
        )
        for number, make in enumerate(views, 1):
            with self.camera.loan() as loaned:
                loaned.array[:] = number
                kept = make(loaned.array)
            seen = self.frames.take().array
            for part in kept if isinstance(kept, list) else [kept]:
                part[...] = 99
            self.assertTrue((seen == number).all(), number)
            self.assertEqual(self.camera.copied, number)
            del seen
        del kept, part
        for _ in range(100):  # what was kept is given back
            with self.camera.loan() as loaned:
                loaned.array[:] = 1
        self.assertEqual((self.camera.copied, self.camera.stats.dropped), (len(views), 0))

    def test_an_exception_drops_the_frame_unseen(self):
        with self.assertRaises(KeyError), self.camera.loan() as loaned:
            loaned.array[:] = 1
            raise KeyError
        self.assertIsNone(self.frames.take())
        with self.assertRaises(ValueError):
            loaned.array[0, 0] = 1
        self.assertEqual(self.camera.stats.published, 0)

    def test_who_never_publishes_runs_out_of_slots_and_is_told(self):
        loans = []
        with self.assertRaisesRegex(vedette.NoFreeSlot, "cam0/frames"):
            for _ in range(100):
                loans.append(self.camera.loan())
        self.assertEqual(self.camera.stats.dropped, 1)
        loans.clear()
        self.assertTrue(self.camera.publish(np.zeros((8, 64), np.uint8)))

    def test_smaller_and_larger_pictures(self):
        self.camera.publish(np.ones((4, 32), np.uint8))
        small = self.frames.take()
        self.assertEqual((small.width, small.height, small.source_width, small.source_height), (32, 4, 64, 8))
        with self.camera.loan(4096, 100) as loaned:
            loaned.array[:] = 3
        large = wait_until(self.frames.take)
        self.assertEqual((large.array.shape, large.source_width), ((100, 4096), 4096))
        self.assertTrue((large.array == 3).all() and (small.array == 1).all())

    def test_ids_and_times_are_given_or_made(self):
        with self.camera.loan() as loaned:
            loaned.frame_id, loaned.captured_at_ns = 2**60, 12345
        frame = self.frames.take()
        self.assertEqual((frame.frame_id, frame.captured_at_ns), (2**60, 12345))
        self.camera.publish(np.zeros((8, 64), np.uint8), captured_at_ns=time.monotonic_ns() + 10**12)
        frame = self.frames.take()
        self.assertEqual(frame.frame_id, 2**60 + 1)
        self.assertLessEqual(frame.captured_at_ns, time.monotonic_ns())
        self.assertLess(abs(frame.wall_at_ns - time.time_ns()), 60e9)

    def test_pictures_of_another_shape_or_type_are_refused(self):
        for picture in (np.zeros((8, 64)), np.zeros((8, 64, 3), np.uint8), np.zeros(8, np.uint8), [], np.zeros((0, 5), np.uint8)):
            self.assertRaises(vedette.InvalidArgument, self.camera.publish, picture)
        self.assertRaises(vedette.InvalidArgument, vedette.camera, "cam1", 64, 8, "RGB")
        self.assertRaises(vedette.InvalidArgument, vedette.camera, "cam1", 0, 8, "RGB24")
        self.assertRaises(vedette.InvalidArgument, vedette.camera, "cam1", 64, 8, "I420", matrix="bt2020")
        self.assertEqual(self.camera.stats.published, 0)


class Life(BusTest):
    def test_a_second_writer_is_refused_with_the_firsts_pid(self):
        with vedette.publish("cam0/t", slot_bytes=8) as first:
            with self.assertRaisesRegex(vedette.Busy, str(os.getpid())):
                vedette.publish("cam0/t", slot_bytes=8)
            epoch = first.stats.epoch
        self.assertRaises(vedette.Closed, first.publish, b"")
        with vedette.publish("cam0/t", slot_bytes=8) as again:
            self.assertEqual(again.stats.epoch, epoch + 1)
            again.close(remove=True)
        self.assertFalse(self.file("cam0/t").exists())

    def test_signs_of_life_come_while_python_holds_the_gil(self):
        busy = (
            "t = vedette.publish('cam0/t', slot_bytes=8); t.publish(b'')\n"
            "sys.setswitchinterval(1e6)\nprint('busy', flush=True)\n"
            "while True: pass\n"
        )
        with self.program(busy) as child:
            self.assertEqual(child.stdout.readline(), "busy\n")
            subscriber = vedette.subscribe("cam0/t")
            began = time.monotonic_ns()
            wait_until(lambda: (stats := subscriber.stats) and stats.beat_at_ns > began + 5e8)

    def test_a_cameras_end_when_its_loop_hangs_and_come_again(self):
        with vedette.camera("cam0", 8, 8, "GRAY8", stall_after=0.3) as camera:
            subscriber = vedette.subscribe("cam0/frames")
            wait_until(lambda: (stats := subscriber.stats) and time.monotonic_ns() - stats.beat_at_ns > 10**9)
            began = time.monotonic_ns()
            self.assertTrue(camera.wanted)  # any call will do
            wait_until(lambda: subscriber.stats.beat_at_ns > began)

    def test_too_large_for_the_tmpfs_says_how_much_is_needed(self):
        with self.assertRaisesRegex(vedette.ResourceExhausted, "MiB"):
            vedette.publish("cam0/t", slot_bytes=2**30, keep=3000)
        self.assertRaises(vedette.InvalidArgument, vedette.publish, "cam0/t", slot_bytes=2**31)


class Topics(BusTest):
    def test_boxes_by_label_for_a_frame(self):
        with vedette.camera("cam0", 64, 8, "GRAY8") as camera, vedette.publish("cam0/faces", classes=["face", "a\nb"]) as faces:
            camera.publish(np.zeros((8, 64), np.uint8))
            frame = vedette.subscribe("cam0/frames").take()
            subscriber = vedette.subscribe("cam0/faces", mode="next")
            box = vedette.Detection("face", 0.5, 0.25, 0.5, 0.125, 0.0625)
            self.assertTrue(faces.publish(frame, [box, vedette.Detection("a\nb", 1, 0, 0, 1, 1)], inference_ns=7))
            found = subscriber.take()
            self.assertEqual([(b.label, b.class_id) for b in found], [("face", 0), ("a b", 1)])
            self.assertEqual((found.boxes[0].x, found.boxes[0].height, found.inference_ns), (0.25, 0.0625, 7))
            self.assertEqual((found.camera, found.frame_id, found.captured_at_ns), ("cam0", frame.frame_id, frame.captured_at_ns))
            self.assertEqual((found.source_width, found.source_height), (64, 8))
            faces.publish(found, [])  # of the same frame
            self.assertEqual(len(subscriber.take()), 0)
            faces.publish(frame.frame_id + 1, [box] * 300)
            self.assertEqual(len(subscriber.find(frame.frame_id + 1)), 300)
            for bad in ([box] * 301, [vedette.Detection("cat", 0.5, 0, 0, 1, 1)], [vedette.Detection("face", 0.5, 0.5, 0, 1, 1)]):
                self.assertRaises(vedette.InvalidArgument, faces.publish, frame, bad)

    def test_arrays_and_buffers(self):
        depth = np.arange(12, dtype=">u2").reshape(3, 4)
        with vedette.publish("cam0/depth", shape=(3, 4), dtype=">u2") as topic:
            topic.publish(depth.T.copy().T, 9)  # not contiguous
            record = vedette.subscribe("cam0/depth").take()
            np.testing.assert_array_equal(record.array(), depth)
            self.assertFalse(record.array().flags.writeable)
            self.assertRaises(vedette.InvalidArgument, topic.publish, depth.T)
        with vedette.publish("cam0/raw", slot_bytes=8, metadata="mine") as topic:
            subscriber = vedette.subscribe("cam0/raw", mode="next", timeout=0)
            for data in (b"", b"12345678", bytearray(b"x"), memoryview(b"abcd")[1:3], np.arange(2, dtype="<u4")[::-1]):
                topic.publish(data)
            self.assertEqual(
                [bytes(record.bytes) for record in subscriber], [b"", b"12345678", b"x", b"bc", b"\x01\0\0\0\0\0\0\0"]
            )
            self.assertRaisesRegex(vedette.InvalidArgument, "9 bytes.*8", topic.publish, b"123456789")
            self.assertRaises(TypeError, topic.publish, "text")
        self.assertEqual(vedette.topics(), ["cam0/depth", "cam0/raw"])

    def test_what_a_topic_carries_has_to_be_said_once(self):
        self.assertRaises(vedette.InvalidArgument, vedette.publish, "cam0/t")
        self.assertRaises(vedette.InvalidArgument, vedette.publish, "cam0/t", slot_bytes=8, classes=["x"])
        self.assertRaises(vedette.InvalidArgument, vedette.publish, "cam0/t", shape=(2,), dtype=object)
        self.assertRaises(vedette.InvalidArgument, vedette.publish, "cam0/t", slot_bytes=0)


if __name__ == "__main__":
    unittest.main()
