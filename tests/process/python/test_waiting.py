"""Waiting: iterating, finding what comes later, several topics, demand, wait policies; Ctrl-C ends all of it."""
import asyncio
import os
import resource
import select
import signal
import threading
import time
import unittest

import vedette
from support import WATCHDOG, BusTest, ended_by, wait_until


class Iterating(BusTest):
    def test_newest_says_what_it_missed_and_next_gives_all(self):
        with vedette.publish("cam0/numbers", shape=(1,), dtype="<i8") as numbers:
            newest = vedette.subscribe("cam0/numbers", timeout=0.0)
            following = vedette.subscribe("cam0/numbers", mode="next", timeout=0.0)
            self.assertIsNone(newest.take())
            self.assertIsNone(following.take())
            for value in range(10):
                numbers.publish([value], 100 + value)
            self.assertEqual([(r.array()[0], r.missed, r.frame_id) for r in newest], [(9, 9, 109)])
            self.assertEqual([int(r.array()[0]) for r in following], list(range(10)))
            self.assertEqual(following.find(104).array()[0], 4)
            self.assertIsNone(following.find(50))
            self.assertIsNone(following.find(110, timeout=0.02))

    def test_find_waits_for_what_may_come(self):
        with vedette.publish("cam0/numbers", slot_bytes=8) as numbers:
            numbers.publish(b"a", 1)
            subscriber = vedette.subscribe("cam0/numbers")
            timer = threading.Timer(0.1, numbers.publish, (b"b", 2))
            timer.start()
            self.assertEqual(bytes(subscriber.find(2, timeout=WATCHDOG).bytes), b"b")
            self.assertIsNone(subscriber.find(0, timeout=WATCHDOG), "a newer one is there: it never comes")
            timer.join()

    def test_find_sleeps_instead_of_looking(self):
        with vedette.publish("cam0/numbers", slot_bytes=8) as numbers:
            numbers.publish(b"a", 1)
            subscriber = vedette.subscribe("cam0/numbers")
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
            self.assertIsNone(subscriber.find(2, timeout=0.5))
            self.assertLess(resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before, 60)
            closing = threading.Timer(0.1, subscriber.close)
            closing.start()
            self.assertIsNone(subscriber.find(2, timeout=WATCHDOG))
            closing.join()

    def test_a_topic_may_come_later_and_a_close_ends_the_loop(self):
        seen = []
        subscriber = vedette.subscribe("cam0/late")

        def loop():
            for record in subscriber:
                seen.append(bytes(record.bytes))

        thread = threading.Thread(target=loop)
        thread.start()
        with vedette.publish("cam0/late", slot_bytes=8) as late:
            wait_until(lambda: subscriber.stats is not None)
            late.publish(b"now")
            wait_until(lambda: seen == [b"now"])
            subscriber.close()
            thread.join(WATCHDOG)
            self.assertFalse(thread.is_alive())
        self.assertRaises(vedette.Closed, subscriber.take)
        self.assertRaises(vedette.Closed, subscriber.wait)
        self.assertEqual(list(subscriber), [])

    def test_a_killed_writers_successor_and_larger_slots_go_unnoticed(self):
        write = (
            "with vedette.publish('cam0/t', slot_bytes=int(sys.argv[1])) as t:\n"
            "    for number in range(int(sys.argv[2]), 10**9):\n"
            "        t.publish(number.to_bytes(8, 'little')); time.sleep(0.002)\n"
        )
        subscriber = vedette.subscribe("cam0/t")
        files = set()
        last = -1
        for start, slot_bytes in ((0, 8), (10**6, 8), (2 * 10**6, 4096)):
            with self.program(write, slot_bytes, start):
                for record in subscriber:
                    number = int.from_bytes(record.bytes, "little")
                    self.assertGreater(number, last)
                    last = number
                    if number > start + 10:
                        files.add(os.stat(self.file("cam0/t")).st_ino)
                        break
        self.assertEqual(len(files), 2, "a successor with the same slots goes on in the same files, other slots need new ones")

    def test_ctrl_c_ends_a_waiting_program_at_once(self):
        for wait in ("for _ in s: pass", "s.wait()", "s.wait(1e9)", "s.find(1, timeout=1e9)", "camera.wait_wanted()"):
            with self.subTest(wait), self.program(
                "camera = vedette.camera('own%d' % os.getpid(), 8, 8, 'GRAY8')\ns = vedette.subscribe('cam0/nothing')\n"
                "print('waiting', flush=True)\n" + wait
            ) as child:
                self.assertEqual(child.stdout.readline(), "waiting\n")
                time.sleep(0.1)
                child.send_signal(signal.SIGINT)
                self.assertTrue(ended_by(child, signal.SIGINT))
                self.assertIn("KeyboardInterrupt", child.stderr.read())

    def test_several_topics_at_once(self):
        with vedette.publish("cam0/a", slot_bytes=8) as a, vedette.publish("cam0/b", slot_bytes=8) as b:
            both = [vedette.subscribe("cam0/a"), vedette.subscribe("cam0/b"), vedette.subscribe("cam0/none")]
            self.assertFalse(vedette.wait_any(both, timeout=0.01))
            for topic in (a, b):
                timer = threading.Timer(0.05, topic.publish, (topic.topic.encode(),))
                timer.start()
                self.assertTrue(vedette.wait_any(both, WATCHDOG))
                self.assertEqual([bytes(r.bytes) for s in both if (r := s.take())], [topic.topic.encode()])
                timer.join()

    def test_another_kind_than_asked_for_is_refused(self):
        with vedette.publish("cam0/t", slot_bytes=8) as topic:
            topic.publish(b"x")
            frames = vedette.subscribe("cam0/t", vedette.Frame)
            self.assertRaisesRegex(vedette.Incompatible, "cam0/t: carries Record, not Frame", frames.take)
            self.assertIsNotNone(vedette.subscribe("cam0/t", vedette.Record).take())

    def test_other_threads_run_while_one_waits(self):
        subscriber = vedette.subscribe("cam0/nothing")
        thread = threading.Thread(target=subscriber.wait)
        thread.start()
        turns = sum(1 for _ in range(1000))
        self.assertEqual(turns, 1000)
        self.assertTrue(thread.is_alive())
        subscriber.close()
        thread.join(WATCHDOG)
        self.assertFalse(thread.is_alive())

    def test_the_cameras_demand_is_what_readers_ask(self):
        with vedette.camera("cam0", 64, 4, "GRAY8") as camera:
            self.assertFalse(camera.wanted)
            self.assertFalse(camera.wait_wanted(0.0))
            subscriber = vedette.subscribe("cam0/frames", fps=7.5, size=(320, 200))
            self.assertTrue(camera.wait_wanted(WATCHDOG))
            self.assertTrue(camera.wait_wanted())
            demand = camera.demand
            self.assertEqual((demand.pixels, demand.fps, demand.width, demand.height), (True, 7.5, 320, 200))
            subscriber.demand(pixels=False)
            self.assertFalse(camera.wanted)
            timer = threading.Timer(0.1, subscriber.demand)
            timer.start()
            self.assertTrue(camera.wait_wanted(WATCHDOG))
            timer.join()
            self.assertRaises(vedette.InvalidArgument, subscriber.demand, fps=-1)


class EventLoop(BusTest):
    def test_asyncio_hears_of_every_record(self):
        async def hear(subscribers, events):
            heard = []
            loop, all_heard = asyncio.get_running_loop(), asyncio.Event()

            def on_news():
                for subscriber in subscribers:
                    while (record := subscriber.take()) is not None:
                        heard.append((subscriber.topic, record.frame_id))
                if len(heard) == 200:
                    all_heard.set()
                events.rearm()

            loop.add_reader(events, on_news)
            await asyncio.wait_for(all_heard.wait(), WATCHDOG)
            loop.remove_reader(events)
            return heard

        both = [vedette.subscribe(name, mode="next") for name in ("cam0/a", "cam0/b")]
        with vedette.Events(both) as events, vedette.publish("cam0/a", slot_bytes=8, keep=128) as a, vedette.publish("cam0/b", slot_bytes=8, keep=128) as b:

            def publish():
                wait_until(lambda: all(s.stats for s in both))  # a subscriber's first record is the oldest that is kept
                for number in range(1, 101):
                    for topic in (a, b):
                        topic.publish(b"", number)
                    if number % 10 == 0:
                        time.sleep(0.002)

            thread = threading.Thread(target=publish)
            thread.start()
            heard = asyncio.run(hear(both, events))
            thread.join()
            self.assertEqual(sorted(heard), [(topic, number) for topic in ("cam0/a", "cam0/b") for number in range(1, 101)])

    def test_readable_until_taken_and_rearmed_and_closed_is_told(self):
        with vedette.publish("cam0/t", slot_bytes=8) as topic:
            subscriber = vedette.subscribe("cam0/t")
            events = vedette.Events([subscriber])
            self.assertEqual(select.select([events], [], [], 0.02)[0], [])
            topic.publish(b"")
            self.assertEqual(select.select([events], [], [], WATCHDOG)[0], [events])
            events.rearm()
            self.assertEqual(select.select([events], [], [], 0)[0], [events], "not taken yet")
            subscriber.take()
            events.rearm()
            self.assertEqual(select.select([events], [], [], 0)[0], [])
            child = os.fork()
            if child == 0:
                try:
                    events.rearm()
                except vedette.BusError as error:
                    events.close()
                    os._exit(0 if "forked" in str(error) else 1)
                finally:
                    os._exit(2)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
            events.close()
            self.assertTrue(events.closed)
            self.assertRaises(vedette.Closed, events.fileno)
            self.assertRaises(vedette.InvalidArgument, vedette.Events, [])


class WaitPolicy(BusTest):
    def test_all_policies_see_what_comes(self):
        with vedette.publish("cam0/t", slot_bytes=8) as topic:
            for number, policy in enumerate(("block", "hybrid(50us)", "hybrid(2ms)")):
                subscriber = vedette.subscribe("cam0/t", wait=policy)
                subscriber.take()
                timer = threading.Timer(0.05, topic.publish, (bytes([number]),))
                timer.start()
                self.assertEqual(bytes(next(subscriber).bytes), bytes([number]))
                timer.join()

    def test_spinning_without_a_core_of_ones_own_is_refused_by_what_to_do(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("this process has one core only")
        self.assertRaisesRegex(vedette.BusError, "core", vedette.subscribe, "cam0/t", wait="spin")
        self.assertRaisesRegex(vedette.InvalidArgument, "hybrid", vedette.subscribe, "cam0/t", wait="hybrid(1h)")


if __name__ == "__main__":
    unittest.main()
