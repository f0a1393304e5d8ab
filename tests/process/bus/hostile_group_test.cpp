// Readers of another uid in the owner's group: what they can't do, and what they can do without stopping anybody for good.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <climits>
#include <memory>
#include <random>
#include <vector>

#include "bus/layout.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/users.h"

namespace vedette::bus {
namespace {

using test::Child;
using test::kAttacker;
using test::kMember;
using test::kOwner;
using test::kStranger;

constexpr std::uint64_t kSchema = 7;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 1, .writer_slots = 1, .readers = 4, .held_per_reader = 2};
}

// What the children say, in anonymous memory.
struct Report {
  std::atomic<std::uint64_t> published{0}, dropped{0}, files{0}, received{0}, wrong{0}, deeds{0};
};

class Group : public ::testing::Test {
 protected:
  Group() : report_(*new (::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Report) {}
  ~Group() override {
    writer_.end(), reader_.end();
    ::munmap(&report_, sizeof(Report));
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void start() {
    writer_ = test::child_of(kOwner, [this] { return write_frames(); });
    while (report_.published == 0) ::usleep(500);  // the folder is the owner's
    reader_ = test::child_of(kMember, [this] { return read_frames(); });
    ASSERT_TRUE(grows(report_.received, 3));
  }
  int write_frames() {
    const auto dir = BusDir::open(path_);
    auto w = dir.ok() ? RingWriter::open(*dir, topic_, options()) : Result<RingWriter>(dir.error());
    if (!w.ok()) return 1;
    ino_t inode = 0;
    for (;; ::usleep(300)) {
      const std::uint64_t id = w->next_frame_id();
      test::publish_value(*w, id, id) ? ++report_.published : ++report_.dropped;
      w->beat();
      (void)w->wait_demand(Nanoseconds::zero());
      struct stat status {};
      if (::stat(payload_.c_str(), &status) == 0 && std::exchange(inode, status.st_ino) != status.st_ino) ++report_.files;
    }
  }
  int read_frames() {
    const auto dir = BusDir::open(path_);
    if (!dir.ok()) return 1;
    Subscriber s(*dir, topic_, kSchema, Demand::every_pixel());
    for (;;) {
      s.wait(std::chrono::milliseconds(50));
      const Taken taken = s.take_newest();
      if (!taken) continue;
      ++report_.received;
      if (test::value_of(taken.lease) != taken.lease.frame_id()) ++report_.wrong;
    }
  }

  // So much more of it before the watchdog barks; the writer and the good reader live.
  bool grows(const std::atomic<std::uint64_t>& counter, std::uint64_t by) {
    const std::uint64_t from = counter, end = monotonic_ns() + 60'000'000'000;
    while (counter < from + by && monotonic_ns() < end) ::usleep(500);
    return counter >= from + by && ::waitpid(writer_.pid(), nullptr, WNOHANG) == 0 &&
           ::waitpid(reader_.pid(), nullptr, WNOHANG) == 0;
  }
  // Does `deed` again and again, with no more than the file's name.
  Child attack(const std::function<void()>& deed) {
    return test::child_of(kAttacker, [&] {
      for (;; ++report_.deeds) deed();
      return 0;
    });
  }
  UniqueFd open_leases() const { return UniqueFd(::open(leases_.c_str(), O_RDWR | O_CLOEXEC)); }
  // Everybody goes on as before once the attacker is gone.
  void expect_all_well() {
    EXPECT_TRUE(grows(report_.published, 20));
    EXPECT_TRUE(grows(report_.received, 20));
    EXPECT_EQ(test::run_as(kMember,
                           [this] {
                             const auto dir = BusDir::open(path_);
                             for (;; ::usleep(1000))
                               if (dir.ok() && RingReader::attach(*dir, topic_, kSchema).ok()) return 0;
                             return 1;
                           }),
              0)
        << "a newcomer";
  }

  const std::string path_ = "/dev/shm/vedette-test-" + std::to_string(::getpid()) + "-group";
  const TopicName topic_ = std::move(TopicName::parse("cam0/frames")).value();
  const std::string payload_ = path_ + "/cam0/frames", leases_ = payload_ + ".leases", lock_ = payload_ + ".lock";
  Report& report_;
  Child writer_, reader_;
};

TEST_F(Group, a_member_can_read_and_nothing_else) {
  VD_NEED_ROOT();
  start();
  EXPECT_EQ(test::run_as(kMember,
                         [this] {
                           if (::open(payload_.c_str(), O_RDWR) >= 0 || errno != EACCES) return 1;
                           const UniqueFd fd(::open(payload_.c_str(), O_RDONLY));
                           if (!fd) return 2;
                           const std::string again = "/proc/self/fd/" + std::to_string(fd.get());
                           if (::open(again.c_str(), O_RDWR) >= 0 || errno != EACCES) return 3;
                           if (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0) != MAP_FAILED) return 4;
                           void* const mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
                           if (::mprotect(mapped, 4096, PROT_READ | PROT_WRITE) == 0 || errno != EACCES) return 5;
                           if (::ftruncate(fd.get(), 0) == 0 || ::truncate(payload_.c_str(), 0) == 0) return 6;
                           if (::open(lock_.c_str(), O_RDONLY) >= 0 || errno != EACCES) return 7;
                           if (::unlink(leases_.c_str()) == 0 || ::rename(leases_.c_str(), payload_.c_str()) == 0) return 8;
                           if (::symlink("x", (payload_ + ".new").c_str()) == 0 ||
                               ::link(leases_.c_str(), (payload_ + ".new").c_str()) == 0)
                             return 9;
                           if (::chmod(leases_.c_str(), 0666) == 0 || ::chmod(path_.c_str(), 0777) == 0) return 10;
                           const auto dir = BusDir::open(path_);
                           if (!dir.ok() || !RingReader::attach(*dir, topic_, kSchema).ok()) return 11;
                           const auto writer = RingWriter::open(*dir, topic_, options());
                           return !writer.ok() && writer.error().code == ErrorCode::kPermissionDenied ? 0 : 12;
                         }),
            0);
  EXPECT_EQ(test::run_as(kStranger,
                         [this] {
                           if (::open(leases_.c_str(), O_RDONLY) >= 0 || errno != EACCES) return 1;
                           const auto dir = BusDir::open(path_);
                           return !dir.ok() && dir.error().code == ErrorCode::kPermissionDenied ? 0 : 2;
                         }),
            0);
  expect_all_well();
}

// Readers' mappings can't be made writable, not even by the owner's own programs.
TEST_F(Group, a_readers_mapping_stays_read_only) {
  const auto dir = BusDir::open(path_);
  ASSERT_TRUE(dir.ok());
  auto w = std::move(RingWriter::open(*dir, topic_, options())).value();
  ASSERT_TRUE(test::publish_value(w, 1, 1));
  auto r = std::move(RingReader::attach(*dir, topic_, kSchema)).value();
  const Taken taken = r.take_newest();
  const auto page = reinterpret_cast<std::uintptr_t>(taken.lease.bytes().data()) & ~std::uintptr_t{4095};
  EXPECT_EQ(::mprotect(reinterpret_cast<void*>(page), 4096, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
}

TEST_F(Group, truncating_and_extending_the_lease_file_stops_nobody_for_good) {
  VD_NEED_ROOT();
  start();
  for (const off_t bytes : {off_t{0}, off_t{100}, off_t{1} << 36}) {
    SCOPED_TRACE(bytes);
    Child attacker = attack([&] { (void)!::truncate(leases_.c_str(), bytes); });
    EXPECT_TRUE(grows(report_.deeds, 100));
    EXPECT_TRUE(grows(report_.files, 3)) << "new files again and again";
    attacker.end();
    expect_all_well();
  }
}

TEST_F(Group, scribbling_over_the_lease_file_stops_nobody_for_good) {
  VD_NEED_ROOT();
  start();
  std::mt19937_64 random(2);
  Child attacker = attack([&] {
    const UniqueFd fd = open_leases();
    std::uint64_t noise[512];
    for (auto& word : noise) word = random();
    (void)!::pwrite(fd.get(), noise, sizeof noise, 0);
  });
  EXPECT_TRUE(grows(report_.deeds, 1000));
  EXPECT_TRUE(grows(report_.files, 2));
  attacker.end();
  expect_all_well();
}

TEST_F(Group, hazards_that_change_all_the_time_cost_frames_at_most) {
  VD_NEED_ROOT();
  start();
  const std::size_t entry = 64;  // of two leases
  Child attacker = attack([&] {
    static const UniqueFd fd = open_leases();
    static auto* const file = static_cast<std::byte*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
    static std::minstd_rand random(3);
    for (std::uint32_t reader = 0; reader < options().readers; ++reader)
      for (std::uint32_t i = 0; i < options().held_per_reader; ++i)
        reinterpret_cast<std::atomic<std::uint32_t>*>(file + sizeof(LeaseHeader) + reader * entry + sizeof(LeaseEntry))[i] =
            static_cast<std::uint32_t>(random() % (options().slots() + 2));
  });
  EXPECT_TRUE(grows(report_.deeds, 100'000));
  EXPECT_TRUE(grows(report_.published, 300)) << "while it goes on";
  attacker.end();
  expect_all_well();
}

TEST_F(Group, locks_on_every_byte_hold_up_no_frame) {
  VD_NEED_ROOT();
  start();
  Child attacker = attack([&] {
    static std::vector<UniqueFd> kept;
    if (kept.size() > 3) ::usleep(1000);
    kept.push_back(open_leases());
    struct flock lock {};
    lock.l_type = kept.size() % 2 == 0 ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;
    // All of it, but the living reader's own entry, which can't be had: before it and after it.
    for (const off_t start : {off_t{0}, static_cast<off_t>(kEntryLockOffset) + 1}) {
      lock.l_start = start;
      lock.l_len = start == 0 ? static_cast<off_t>(kEntryLockOffset) : 0;
      (void)::fcntl(kept.back().get(), F_OFD_SETLK, &lock);
    }
    (void)::flock(kept.back().get(), LOCK_EX | LOCK_NB);
    const UniqueFd payload(::open(payload_.c_str(), O_RDONLY));
    lock.l_type = F_RDLCK, lock.l_start = 0, lock.l_len = 0;
    (void)::fcntl(payload.get(), F_OFD_SETLK, &lock);
    if (kept.size() > 200) kept.pop_back();
  });
  EXPECT_TRUE(grows(report_.deeds, 20));
  const std::uint64_t dropped = report_.dropped;
  EXPECT_TRUE(grows(report_.published, 300));
  EXPECT_TRUE(grows(report_.received, 100));
  EXPECT_EQ(report_.dropped, dropped);
  attacker.end();
  expect_all_well();
}

TEST_F(Group, a_flood_of_demands_and_wakes_holds_up_no_frame) {
  VD_NEED_ROOT();
  start();
  const std::uint64_t dropped = report_.dropped;
  Child attacker = attack([&] {
    static const UniqueFd fd = open_leases();
    static auto& header = *static_cast<LeaseHeader*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
    static auto& entry = *reinterpret_cast<LeaseEntry*>(&header + 1);
    header.waiters = 1;
    entry.demand = ++header.demand_sequence * 0x9e37'79b9'7f4a'7c15ull;
    ::syscall(SYS_futex, &header.demand_sequence, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  });
  EXPECT_TRUE(grows(report_.deeds, 100'000));
  EXPECT_TRUE(grows(report_.published, 300));
  EXPECT_TRUE(grows(report_.received, 100));
  EXPECT_EQ(report_.dropped, dropped);
  attacker.end();
  expect_all_well();
}

TEST_F(Group, every_entry_taken_and_every_lease_held_costs_the_writer_no_frame) {
  VD_NEED_ROOT();
  start();
  Child attacker = attack([&] {
    static const BusDir dir = std::move(BusDir::open(path_)).value();
    static std::vector<RingReader> readers;
    static std::vector<Lease> held;
    if (auto r = RingReader::attach(dir, topic_, kSchema); r.ok()) readers.push_back(std::move(r).value());
    for (RingReader& reader : readers)
      if (Taken taken = reader.take_newest()) held.push_back(std::move(taken.lease));
    if (held.size() < 6) --report_.deeds;
    ::usleep(500);
  });
  EXPECT_TRUE(grows(report_.deeds, 1));
  const std::uint64_t dropped = report_.dropped;
  EXPECT_TRUE(grows(report_.published, 300));
  EXPECT_TRUE(grows(report_.received, 100));
  EXPECT_EQ(report_.dropped, dropped);
  attacker.end();
  expect_all_well();
}

}  // namespace
}  // namespace vedette::bus
