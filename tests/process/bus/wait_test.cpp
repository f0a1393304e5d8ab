// Waiting between processes: readers that spin, that have no futex_waitv, that wait by an event loop, that are stopped or
// restarted.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstddef>
#include <filesystem>

#include "base/cpu.h"
#include "bus/attachment.h"
#include "bus/event_bridge.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/shared.h"

namespace vedette::bus {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::Child;
using test::publish_value;
using test::SharedCount;
using test::value_of;

constexpr std::uint64_t kSchema = 7;
constexpr int kSkipped = 77;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 64, .keep = 4, .writer_slots = 1, .readers = 4, .held_per_reader = 1};
}

// From now on futex_waitv doesn't exist for this process, as before Linux 5.16.
bool without_futex_waitv() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 449, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
         ::syscall(449, nullptr, 0, 0, nullptr, 0) == -1 && errno == ENOSYS;
}

std::size_t threads_of_this_process() {
  std::size_t threads = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++threads;
  return threads;
}

// Has it ended? It can still be waited for.
bool over(const Child& child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0;
}

class WaitProcess : public test::BusFixture {
 protected:
  RingWriter writer(std::string_view name = "cam0/frames") {
    return std::move(RingWriter::open(dir_, topic(name), options())).value();
  }
  std::shared_ptr<Attachment> look_at(std::string_view name = "cam0/frames") {
    return std::move(Attachment::attach_to_wait(dir_, topic(name), kSchema)).value();
  }
  Subscriber subscriber(std::string_view name = "cam0/frames") { return Subscriber(dir_, topic(name), kSchema); }
};

TEST_F(WaitProcess, a_spinning_reader_gets_every_frame_and_costs_no_wake) {
  auto w = writer();
  const auto view = look_at();
  const std::uint32_t rung = view->header().doorbell.load();
  const SharedCount taken;
  Child reader([&] {
    if (!pin_thread(allowed_cpus().back()) || !may_spin()) return kSkipped;
    auto s = subscriber();
    if (!s.set_wait_policy(WaitPolicy::spinning())) return 1;
    ++*taken;  // ready
    while (*taken <= 500) {
      if (s.wait(hours(1)) != Wait::kNew) return 2;
      if (const Taken t = s.take_next()) *taken = value_of(t.lease) + 1;
    }
    return 0;
  });
  while (*taken == 0 && !over(reader)) ::usleep(200);
  for (std::uint64_t i = 1; *taken != 0 && i <= 500; ++i) {
    ASSERT_TRUE(publish_value(w, i, i));
    while (*taken <= i && !over(reader)) ::usleep(50);
  }
  const int code = reader.exit_code();
  if (code == kSkipped) GTEST_SKIP() << "nobody may spin here";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(view->waiters().load(), 0u);
  EXPECT_EQ(view->header().doorbell.load(), rung) << "the bell was never rung";
}

TEST_F(WaitProcess, three_topics_without_futex_waitv_wait_in_a_thread_each) {
  auto a = writer("cam0/frames"), b = writer("cam1/frames"), c = writer("cam2/frames");
  RingWriter* const writers[] = {&a, &b, &c};
  const SharedCount taken;
  Child reader([&] {
    if (!without_futex_waitv()) return kSkipped;
    auto sa = subscriber("cam0/frames"), sb = subscriber("cam1/frames"), sc = subscriber("cam2/frames");
    Subscriber* const all[] = {&sa, &sb, &sc};
    std::size_t threads = 0;
    for (int tries = 0; threads != 4; ++tries) {
      if (wait_any(all, milliseconds(1))) return 1;
      threads = threads_of_this_process();
      if (tries == 1000) return 2;
    }
    // Nothing happens for a second: nobody looks at anything meanwhile, but for the files' names ten times.
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    if (wait_any(all, milliseconds(1000))) return 3;
    ::getrusage(RUSAGE_SELF, &after);
    if (after.ru_nvcsw - before.ru_nvcsw > 100) return 4;  // looking every 5 ms would be 200
    for (*taken = 1; *taken <= 300;) {
      if (!wait_any(all, hours(1))) return 5;
      for (Subscriber* s : all)
        if (const Taken t = s->take_next()) *taken = value_of(t.lease) + 1;
    }
    return threads_of_this_process() == threads ? 0 : 6;
  });
  while (*taken == 0 && !over(reader)) ::usleep(1000);
  for (std::uint64_t i = 1; !over(reader) && i <= 300; ++i) {
    if (i % 3 == 0) ::usleep(300);
    ASSERT_TRUE(publish_value(*writers[i % 3], i, i));
    while (*taken <= i && !over(reader)) ::usleep(50);
  }
  const int code = reader.exit_code();
  if (code == kSkipped) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(code, 0);
}

TEST_F(WaitProcess, a_forked_child_waits_by_threads_of_its_own) {
  auto a = writer("cam0/frames"), b = writer("cam1/frames");
  const SharedCount ready;
  Child parent([&] {
    if (!without_futex_waitv()) return kSkipped;
    auto sa = subscriber("cam0/frames"), sb = subscriber("cam1/frames");
    Subscriber* const all[] = {&sa, &sb};
    if (wait_any(all, milliseconds(1))) return 1;
    Child child([&] {
      auto ca = subscriber("cam0/frames"), cb = subscriber("cam1/frames");
      Subscriber* const own[] = {&ca, &cb};
      ++*ready;
      if (!wait_any(own, hours(1)) || threads_of_this_process() != 3) return 2;
      return 0;
    });
    ++*ready;
    if (!wait_any(all, hours(1))) return 3;
    return child.exit_code();
  });
  while (*ready < 2 && !over(parent)) ::usleep(1000);
  ::usleep(20'000);  // most likely asleep by now
  ASSERT_TRUE(publish_value(b, 1, 1));
  const int code = parent.exit_code();
  if (code == kSkipped) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(code, 0);
}

// An epoll loop, in a child, over writers that die and come back while it waits.
int epoll_loop(Subscriber& frames, Subscriber& detections, const SharedCount& frames_seen, const SharedCount& detections_seen,
               std::uint64_t until) {
  Subscriber* const all[] = {&frames, &detections};
  auto bridge = EventBridge::open(all);
  const int epoll = ::epoll_create1(0);
  epoll_event event{EPOLLIN, {}};
  if (!bridge.ok() || ::epoll_ctl(epoll, EPOLL_CTL_ADD, (*bridge)->fd(), &event) != 0) return 1;
  ++*frames_seen;
  while (*frames_seen < until || *detections_seen < until) {
    if (::epoll_wait(epoll, &event, 1, -1) != 1) return 2;
    while (const Taken t = frames.take_next()) *frames_seen = value_of(t.lease);
    while (const Taken t = detections.take_next()) *detections_seen = value_of(t.lease);
    (*bridge)->rearm();
  }
  return 0;
}

TEST_F(WaitProcess, an_event_loop_follows_topics_whose_writers_are_killed) {
  for (const bool waitv : {true, false}) {
    SCOPED_TRACE(waitv ? "futex_waitv" : "threads");
    const std::string camera = waitv ? "cam0" : "cam1";
    const SharedCount frames, detections;
    constexpr std::uint64_t kRounds = 6;
    Child loop([&] {
      if (!waitv && !without_futex_waitv()) return kSkipped;
      auto f = subscriber(camera + "/frames"), d = subscriber(camera + "/detections");
      return epoll_loop(f, d, frames, detections, 1 + kRounds);
    });
    frames.await(1);
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      for (const auto& [name, seen] : {std::pair(camera + "/frames", &frames), std::pair(camera + "/detections", &detections)}) {
        Child publisher([&, name = name] {
          auto w = writer(name);
          (void)publish_value(w, w.next_frame_id(), 1 + round);
          for (;;) ::pause();
          return 0;
        });
        seen->await(1 + round);
        publisher.end();
      }
    }
    EXPECT_EQ(loop.exit_code(), 0);
  }
}

TEST_F(WaitProcess, a_stopped_waiter_costs_its_writer_one_ring_and_the_others_nothing) {
  auto w = writer();
  const auto view = look_at();
  const std::uint32_t rung = view->header().doorbell.load();
  const SharedCount taken;
  const auto waiting = [&](bool counts) {
    return [&, counts] {
      auto s = subscriber();
      for (;;) {
        if (s.wait(hours(1)) != Wait::kNew) return 1;
        if (const Taken t = s.take_next(); t && counts) *taken = value_of(t.lease);
      }
      return 0;
    };
  };
  Child stopped(waiting(false));
  while (view->waiters().load() == 0) ::usleep(200);  // announced, asleep or about to be
  ::usleep(5000);
  stopped.signal(SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(stopped.pid(), &status, WUNTRACED), stopped.pid());
  for (std::uint64_t i = 1; i <= 10'000; ++i) ASSERT_TRUE(publish_value(w, i, 0));
  EXPECT_EQ(view->header().doorbell.load(), rung + 1) << "rung once in 10,000 publications";
  EXPECT_EQ(view->waiters().load(), 0u);
  Child lively(waiting(true));
  for (std::uint64_t i = 10'001; i <= 10'200; ++i) {
    ASSERT_TRUE(publish_value(w, i, i));
    taken.await(i);
  }
  EXPECT_EQ(w.stats().dropped, 0u);
  stopped.signal(SIGCONT);
}

}  // namespace
}  // namespace vedette::bus
