// Processes of the bus that die, hang, fork or grow, one by one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <fstream>
#include <vector>

#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/shared.h"

namespace vedette::bus {
namespace {

using test::Child;
using test::publish_value;
using test::SharedCount;
using test::value_of;

constexpr std::uint64_t kSchema = 7;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 1, .writer_slots = 1, .readers = 3, .held_per_reader = 2};
}

class Life : public test::BusFixture {
 protected:
  Result<RingWriter> open_writer() { return RingWriter::open(dir_, topic_, options()); }
  RingWriter writer() { return std::move(open_writer()).value(); }
  RingReader reader() { return std::move(RingReader::attach(dir_, topic_, kSchema)).value(); }
  // A child that attaches, takes `leases` frames, counts itself ready and sleeps.
  Child holding_reader(std::uint64_t leases, const SharedCount& ready) {
    return Child([this, leases, &ready] {
      auto r = reader();
      r.set_demand(Demand::every_pixel());
      std::vector<Lease> held;
      while (held.size() < leases) {
        Taken taken = r.take_newest();
        if (taken)
          held.push_back(std::move(taken.lease)), ++*ready;
        else
          r.wait(std::chrono::seconds(1));
      }
      for (;;) ::pause();
      return 0;
    });
  }
  const TopicName topic_ = topic("cam0/frames");
};

TEST_F(Life, a_killed_writers_successor_goes_on_with_the_same_readers) {
  const SharedCount published;
  const auto publishing = [&] {
    auto w = writer();
    for (std::uint64_t id = w.next_frame_id();; id = w.next_frame_id()) {
      if (publish_value(w, id, id)) ++*published;
      ::usleep(1000);
    }
    return 0;
  };
  Child first(publishing);
  published.await(1);
  auto r = reader();
  const Taken held = r.take_newest();
  ASSERT_TRUE(held);
  std::uint64_t last = held.lease.frame_id();
  for (std::uint64_t epoch = 1; epoch <= 20; ++epoch) {
    published.await(*published + 3);
    EXPECT_EQ(r.stats().epoch, epoch);
    EXPECT_EQ(r.stats().writer_pid, first.pid());
    first.end();
    first = Child(publishing);
    published.await(*published + 3);
    ASSERT_EQ(r.wait(std::chrono::seconds(60)), Wait::kNew);
    const Taken taken = r.take_newest();
    ASSERT_TRUE(taken) << "still attached";
    EXPECT_EQ(value_of(taken.lease), taken.lease.frame_id());
    EXPECT_GT(taken.lease.frame_id(), last);
    last = taken.lease.frame_id();
    EXPECT_EQ(value_of(held.lease), held.lease.frame_id());
  }
}

TEST_F(Life, a_killed_readers_slots_entry_and_demand_are_free_again) {
  auto w = writer();
  for (int round = 0; round < 5; ++round) {
    const SharedCount ready;
    std::vector<Child> readers;
    for (int i = 0; i < 3; ++i) readers.push_back(holding_reader(2, ready));
    while (*ready < 6) {
      ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
      ::usleep(500);
    }
    EXPECT_EQ(RingReader::attach(dir_, topic_, kSchema).error().code, ErrorCode::kResourceExhausted);
    std::vector<Loan> out;
    while (auto loan = w.loan()) out.push_back(std::move(*loan));
    EXPECT_LT(out.size(), options().slots() - options().keep) << "two leases of a reader are two slots";
    out.clear();
    EXPECT_EQ(w.demand(), Demand::every_pixel());
    readers.clear();
    // Slots run short: swept at once, though not twice within a millisecond. ctest's time limit is the watchdog.
    while (out.size() < options().slots() - options().keep)
      if (auto loan = w.loan()) out.push_back(std::move(*loan));
    EXPECT_FALSE(w.loan());
    EXPECT_FALSE(w.demand().any());
    out.clear();
  }
}

TEST_F(Life, readers_stopped_with_their_full_share_cost_the_writer_no_frame) {
  auto w = writer();
  const SharedCount ready;
  std::vector<Child> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(holding_reader(2, ready));
  while (*ready < 6) {
    ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
    ::usleep(500);
  }
  for (Child& child : readers) child.signal(SIGSTOP);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
  for (Child& child : readers) child.signal(SIGCONT);
}

TEST_F(Life, a_lease_can_not_be_written_to) {
  auto w = writer();
  ASSERT_TRUE(publish_value(w, 1, 1));
  const auto access = [this](bool writes) {
    Child child([&] {
      ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would write a report
      auto r = reader();
      const Taken taken = r.take_newest();
      auto* bytes = reinterpret_cast<volatile unsigned char*>(const_cast<std::byte*>(taken.lease.bytes().data()));
      if (writes) *bytes = 2;
      return static_cast<int>(*bytes);
    });
    return child.exit_code();
  };
  EXPECT_EQ(access(false), 1);
  EXPECT_EQ(access(true), -SIGSEGV);
  auto r = reader();
  EXPECT_EQ(value_of(r.take_newest().lease), 1u);
}

TEST_F(Life, a_forked_child_does_not_keep_its_parents_locks) {
  const SharedCount ready;
  int lifeline[2];
  ASSERT_EQ(::pipe(lifeline), 0);
  Child parent([&] {
    auto w = writer();
    (void)publish_value(w, 1, 1);
    auto r = reader();
    const Taken taken = r.take_newest();
    if (::fork() == 0) {
      ::close(lifeline[1]);
      ++*ready;
      char byte = 0;
      const bool alone = ::read(lifeline[0], &byte, 1) == 0;  // until the test ends
      ::_exit(alone ? 0 : 1);
    }
    for (;;) ::pause();
    return 0;
  });
  ready.await(1);
  EXPECT_EQ(open_writer().error().code, ErrorCode::kBusy);
  parent.end();  // the grandchild lives on
  auto successor = open_writer();
  ASSERT_TRUE(successor.ok()) << successor.error().text;
  std::vector<Loan> out;
  while (auto loan = successor->loan()) out.push_back(std::move(*loan));
  EXPECT_EQ(out.size(), options().slots() - options().keep) << "nor its leases";
  ::close(lifeline[1]);
  ::close(lifeline[0]);
}

TEST_F(Life, a_child_that_unwinds_its_parents_objects_does_no_harm) {
  auto w = writer();
  ASSERT_TRUE(publish_value(w, 1, 77));
  auto r = std::make_optional(reader());
  std::optional<Taken> taken = r->take_newest();
  ASSERT_TRUE(*taken);
  Child child([&] {
    // Where the parent's mappings are, the child may have anything.
    std::vector<void*> own;
    for (int i = 0; i < 64; ++i) own.push_back(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    taken.reset();
    r.reset();
    auto moved = std::make_optional(std::move(w));
    moved.reset();
    for (void* page : own) *static_cast<volatile char*>(page) = 1;
    return 0;
  });
  EXPECT_EQ(child.exit_code(), 0);
  EXPECT_EQ(value_of(taken->lease), 77u);
  for (std::uint64_t i = 2; i < 50; ++i) ASSERT_TRUE(publish_value(w, i, i));
  EXPECT_EQ(value_of(taken->lease), 77u) << "its hazard stands";
  EXPECT_EQ(open_writer().error().code, ErrorCode::kBusy) << "the lock stands";
}

TEST_F(Life, growth_under_running_readers) {
  auto w = writer();
  std::vector<std::unique_ptr<SharedCount>> seen;
  std::vector<Child> readers;
  for (std::size_t i = 0; i < 3; ++i) {
    seen.push_back(std::make_unique<SharedCount>());
    readers.emplace_back([&, i] {
      Subscriber s(dir_, topic_, kSchema);
      std::uint64_t last = 0;
      Lease before;
      for (;;) {
        s.wait(std::chrono::seconds(1));
        Taken taken = s.take_newest();
        if (!taken) continue;
        if (value_of(taken.lease) != taken.lease.frame_id() || taken.lease.frame_id() <= last) return 1;
        if (before && value_of(before) != before.frame_id()) return 2;
        last = taken.lease.frame_id();
        **seen[i] = last;
        before = std::move(taken.lease);
      }
      return 0;
    });
  }
  for (std::uint64_t round = 1; round <= 20; ++round) {
    RingOptions other = options();
    other.slot_bytes = 4096 * (1 + round % 7);
    ASSERT_TRUE(w.resize(other).ok());
    const std::uint64_t first = w.next_frame_id();
    ASSERT_TRUE(publish_value(w, first, first));
    for (const auto& word : seen)
      while (**word < first) {
        const std::uint64_t id = w.next_frame_id();
        ASSERT_TRUE(publish_value(w, id, id));
        ::usleep(1000);
      }
  }
  EXPECT_EQ(w.stats().epoch, 1u) << "one writer all the time";
  EXPECT_EQ(w.stats().dropped, 0u);
}

// Gives the calling process mounts of its own. As an ordinary user it needs a user namespace, which not every machine allows.
bool own_mounts() {
  const uid_t user = ::geteuid();
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

TEST_F(Life, a_tmpfs_that_is_too_small_is_refused_with_what_is_needed) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  Child child([&] {
    if (!own_mounts() || ::mount("none", path_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0750") != 0) return 2;
    const auto small = BusDir::open(path_);
    if (!small.ok()) return 3;
    RingOptions large = options();
    large.slot_bytes = 1u << 20;
    auto refused = RingWriter::open(*small, topic_, large);
    if (refused.ok()) return 4;
    const std::string text = refused.error().text;
    if (::write(out[1], text.data(), text.size()) < 0) return 5;
    // What fits is still accepted, and too much growth later changes nothing.
    auto fits = RingWriter::open(*small, topic_, options());
    if (!fits.ok() || !publish_value(*fits, 1, 1) || fits->resize(large).ok() || !publish_value(*fits, 2, 2)) return 6;
    return 0;
  });
  const int code = child.exit_code();
  ::close(out[1]);
  char text[512] = {};
  const auto bytes = ::read(out[0], text, sizeof text - 1);
  ::close(out[0]);
  if (code == 2) GTEST_SKIP() << "no mount namespace for this user";
  ASSERT_EQ(code, 0);
  ASSERT_GT(bytes, 0);
  EXPECT_EQ(std::string(text), "cam0/frames: needs 9 MiB in " + path_ +
                                   ", but only 1 MiB are free; enlarge the tmpfs or the memory limit, or lower bus.readers");
}

}  // namespace
}  // namespace vedette::bus
