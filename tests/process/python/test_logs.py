"""Reading a log of packets: in order, from a keyframe, by time and by frame; what is hostile is an exception."""
import struct
import threading
import time
import unittest

import vedette
from support import WATCHDOG, BusTest, wait_until
from vedette import _bus


def packet(number, data, config=b"", codec=2, keyframe=False):
    """A record of <camera>/packets, byte for byte as docs/memory_layout.md has it."""
    now = time.monotonic_ns()
    return struct.pack(
        "<5Q4Q2q6IHBBI", number, now, now + 1, 3, 4, 0, 0, 0, 0, 5, 6, 7, 640, 480, 0, len(config), len(data), 0, codec, keyframe, 9
    ) + config + data


class Logs(BusTest):
    def log(self, data_bytes=1 << 16, schema_id=_bus.PACKETS_SCHEMA):
        return _bus.LogWriter(self.bus_dir, "cam0/packets", schema_id, data_bytes, 2000)

    def fill(self, log, numbers, size=100):
        for number in numbers:
            key = number % 5 == 0
            record = packet(number, bytes([number % 256]) * size, b"sps" if key else b"", keyframe=key)
            self.assertTrue(log.append(record, number, 1000 * number, key))

    def test_packets_come_in_order_from_the_newest_keyframe(self):
        log = self.log()
        self.fill(log, range(1, 13))
        with vedette.subscribe("cam0/packets", vedette.Packet, timeout=0.0) as packets:
            self.assertTrue(log.demand().packets)
            taken = list(packets)
            self.assertEqual([p.frame_id for p in taken], [10, 11, 12])
            first = taken[0]
            self.assertEqual((first.camera, first.codec, first.keyframe, first.config), ("cam0", "H264", True, b"sps"))
            self.assertEqual(first.data, b"\x0a" * 100)
            self.assertEqual((first.width, first.height, first.stream, first.pts_ns, first.dts_ns), (640, 480, 9, 5, 6))
            self.assertGreaterEqual(first.age, 0.0)
            self.assertEqual(packets.span.records, 12)
            self.assertEqual(packets.stats.published, 12)
            self.fill(log, [13])
            self.assertTrue(packets.wait(WATCHDOG))
            self.assertEqual(packets.take().frame_id, 13)
            self.assertIsNone(packets.take())
        self.assertFalse(log.demand().packets)

    def test_seeks(self):
        log = self.log()
        packets = vedette.subscribe("cam0/packets", vedette.Packet, start="oldest")
        self.assertFalse(packets.seek_time(1))
        self.fill(log, range(1, 13))
        self.assertTrue(packets.seek("oldest"))
        self.assertEqual(packets.take().frame_id, 5)
        self.assertTrue(packets.seek_time(10_500))
        self.assertEqual(packets.take().frame_id, 10)
        self.assertTrue(packets.seek_frame(7))
        self.assertEqual(packets.take().frame_id, 7)
        self.assertFalse(packets.seek_frame(99))
        self.assertTrue(packets.seek("next"))
        self.assertIsNone(packets.take())

    def test_who_is_too_slow_is_told(self):
        log = self.log(data_bytes=4096)
        packets = vedette.subscribe("cam0/packets", vedette.Packet)
        self.fill(log, range(1, 51))
        taken = packets.take()
        self.assertEqual(taken.frame_id % 5, 0)
        self.assertEqual(taken.missed, taken.frame_id - 1)

    def test_another_thread_waits_and_closing_ends_it(self):
        packets = vedette.subscribe("cam0/packets", vedette.Packet)
        got = []
        reading = threading.Thread(target=lambda: got.extend(packets))
        reading.start()
        log = self.log()
        self.fill(log, range(5, 8))
        wait_until(lambda: len(got) == 3)
        packets.close()
        reading.join()
        self.assertRaises(vedette.Closed, packets.take)

    def test_mistakes_are_exceptions(self):
        log = self.log()
        with self.assertRaisesRegex(vedette.Incompatible, "is a log"):
            vedette.subscribe("cam0/packets")
        with vedette.publish("cam0/numbers", slot_bytes=8), self.assertRaisesRegex(vedette.Incompatible, "is a ring"):
            vedette.subscribe("cam0/numbers", vedette.Packet)
        with self.assertRaisesRegex(vedette.InvalidArgument, "expected newest, oldest or next"):
            vedette.subscribe("cam0/packets", vedette.Packet, start="middle")
        packets = vedette.subscribe("cam0/packets", vedette.Packet)
        log.append(packet(1, b"x" * 10)[:-2], 1, 1, True)
        with self.assertRaisesRegex(vedette.Corrupt, "packet record: its lengths"):
            packets.take()
        log.append(packet(2, b"y", codec=77), 2, 2, True)
        self.assertRaises(vedette.Corrupt, packets.take)
        self.fill(log, [5])
        self.assertEqual(packets.take().frame_id, 5)

    def test_a_log_of_something_else_is_refused(self):
        log = self.log(schema_id=7)
        log.append(b"z", 1, 1, True)
        packets = vedette.subscribe("cam0/packets", vedette.Packet)
        with self.assertRaisesRegex(vedette.Incompatible, "carries schema 0x7"):
            packets.take()


if __name__ == "__main__":
    unittest.main()
