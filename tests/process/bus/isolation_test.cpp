// Peers in other Pods: separate pid, mount, net and ipc namespaces, one tmpfs in common. Who lives is asked of the kernel's
// locks, which hold across pid namespaces; pids are for people.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <optional>
#include <vector>

#include "bus/layout.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/pod_child.h"

namespace vedette::bus {
namespace {

using test::PodChild;
using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 1, .writer_slots = 1, .readers = 3, .held_per_reader = 2};
}

struct Shared {
  std::atomic<std::uint64_t> held{0}, seen{0}, published{0};
  std::atomic<std::int32_t> own_pid{0};
};

class Isolation : public test::BusFixture {
 protected:
  Isolation()
      : shared_(*new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared) {}
  ~Isolation() override { ::munmap(&shared_, sizeof(Shared)); }
  void SetUp() override {
    if (!test::pods_are_possible(path_)) GTEST_SKIP() << "no permission to make pid, mount, net and ipc namespaces";
  }

  // Takes what comes, keeps the first two records for ever.
  PodChild holding_reader() {
    return PodChild(path_, [this] {
      const auto dir = BusDir::open(test::kBusInPod);
      if (!dir.ok()) return 1;
      shared_.own_pid = ::getpid();
      Subscriber s(*dir, topic_, kSchema, Demand::every_pixel());
      std::vector<Lease> held;
      for (;;) {
        s.wait(std::chrono::seconds(1));
        Taken taken = s.take_newest();
        for (const Lease& lease : held)
          if (value_of(lease) != lease.frame_id()) return 2;
        if (!taken) continue;
        shared_.seen = taken.lease.frame_id();
        if (held.size() < options().held_per_reader - 1) held.push_back(std::move(taken.lease)), ++shared_.held;
      }
    });
  }
  PodChild writer_in_pod() {
    return PodChild(path_, [this] {
      const auto dir = BusDir::open(test::kBusInPod);
      auto w = dir.ok() ? RingWriter::open(*dir, topic_, options()) : Result<RingWriter>(dir.error());
      if (!w.ok()) return 1;
      shared_.own_pid = ::getpid();
      for (;; ::usleep(500)) {
        const std::uint64_t id = w->next_frame_id();
        if (!publish_value(*w, id, id)) return 2;
        ++shared_.published;
      }
    });
  }
  // ctest's time limit is the watchdog. At the end the reader has seen the newest: what it keeps is another one.
  void publish_until(RingWriter& w, const std::function<bool()>& done) {
    for (bool last = false;; last = done()) {
      const std::uint64_t id = w.next_frame_id();
      ASSERT_TRUE(publish_value(w, id, id));
      if (!last)
        ::usleep(500);
      else
        while (shared_.seen < id) ::usleep(500);
      if (last) return;
    }
  }
  static std::size_t free_slots(RingWriter& w) {
    std::vector<Loan> out;
    while (auto loan = w.loan()) out.push_back(std::move(*loan));
    return out.size();
  }
  void overwrite_pid_of_first_reader(std::int32_t pid) {
    const UniqueFd fd(::open((path_ + "/cam0/frames.leases").c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), &pid, sizeof pid, sizeof(LeaseHeader) + offsetof(LeaseEntry, pid)), 4);
  }

  Shared& shared_;
  const TopicName topic_ = topic("cam0/frames");
};

TEST_F(Isolation, a_reader_killed_in_another_pod_gives_its_leases_back) {
  auto w = std::move(RingWriter::open(dir_, topic_, options())).value();
  for (std::uint64_t round = 1; round <= 3; ++round) {
    PodChild reader = holding_reader();
    publish_until(w, [&] { return shared_.held == round; });
    EXPECT_EQ(shared_.own_pid, 1) << "the first of its namespace; ours has another first process, which lives";
    EXPECT_LT(free_slots(w), options().slots() - options().keep);
    EXPECT_TRUE(w.demand().any());
    reader.kill();
    while (free_slots(w) != options().slots() - options().keep) ::usleep(500);  // a sweep comes once a millisecond at most
    EXPECT_FALSE(w.demand().any());
  }
}

TEST_F(Isolation, a_living_reader_keeps_its_lease_whatever_its_pid_says) {
  auto w = std::move(RingWriter::open(dir_, topic_, options())).value();
  PodChild reader = holding_reader();
  publish_until(w, [&] { return shared_.held == 1; });
  // A number that nobody has here, and one of somebody else.
  for (const std::int32_t pid : {0x7fff'fff0, ::getpid(), 1, 0, -1}) {
    overwrite_pid_of_first_reader(pid);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(free_slots(w), options().slots() - options().keep - 1);  // each time a sweep
    const std::uint64_t before = shared_.seen;
    publish_until(w, [&] { return shared_.seen >= before + 20; });
  }
}

TEST_F(Isolation, writers_of_two_pods_take_over_from_each_other) {
  PodChild reader = holding_reader();
  std::uint64_t epochs = 0;
  const auto dir = BusDir::open(path_);
  for (int round = 0; round < 4; ++round) {
    PodChild writer = writer_in_pod();
    ++epochs;
    const std::uint64_t from = shared_.published;
    while (shared_.published < from + 5 || shared_.held == 0) ::usleep(500);
    const std::uint64_t seen = shared_.seen;
    while (shared_.seen == seen) ::usleep(500);
    auto stats = Subscriber(*dir, topic_, kSchema).stats();
    EXPECT_EQ(stats->writer_pid, 1) << "all of them are the first of their Pods";
    EXPECT_EQ(stats->epoch, epochs);
    const auto refused = RingWriter::open(dir_, topic_, options());
    EXPECT_EQ(refused.ok() ? ErrorCode::kIo : refused.error().code, ErrorCode::kBusy) << "it lives";
    writer.kill();

    auto here = RingWriter::open(dir_, topic_, options());
    ++epochs;
    ASSERT_TRUE(here.ok()) << here.error().text;
    EXPECT_TRUE(here->took_over());
    EXPECT_EQ(free_slots(*here), options().slots() - options().keep - 1) << "the other Pod's lease stands";
    const std::uint64_t first = here->next_frame_id();
    publish_until(*here, [&] { return shared_.seen > first; });
  }
}

}  // namespace
}  // namespace vedette::bus
