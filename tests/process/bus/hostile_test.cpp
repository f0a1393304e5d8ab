// Bytes, files and folders that somebody else made: refused with a sentence or lived through, never a crash.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <fstream>
#include <random>
#include <vector>

#include "bus/layout.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/child.h"

namespace vedette::bus {
namespace {

using test::Child;
using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;
constexpr std::uint64_t kLeaseFileBytes = 4096;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 1, .writer_slots = 1, .readers = 3, .held_per_reader = 2};
}

class Hostile : public test::BusFixture {
 protected:
  RingWriter writer() { return std::move(RingWriter::open(dir_, topic_, options())).value(); }
  Result<RingReader> attach() { return RingReader::attach(dir_, topic_, kSchema); }

  // Another process does it, with no more than the file's name.
  static void elsewhere(const std::function<void()>& deed) {
    Child child([&] {
      deed();
      return 0;
    });
    ASSERT_EQ(child.exit_code(), 0);
  }
  template <typename T>
  static void overwrite(const std::string& path, std::size_t offset, const T& value) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), &value, sizeof value, static_cast<off_t>(offset)), static_cast<ssize_t>(sizeof value));
  }
  static void scribble(const std::string& path, std::size_t from, std::size_t to, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<unsigned char> noise(to - from);
    for (auto& byte : noise) byte = static_cast<unsigned char>(random());
    const UniqueFd fd(::open(path.c_str(), O_WRONLY));
    if (::pwrite(fd.get(), noise.data(), noise.size(), static_cast<off_t>(from)) != static_cast<ssize_t>(noise.size()))
      ::_exit(1);
  }
  // Publishes (or only beats) until the subscriber has got a frame of files other than before. ctest's time limit is the
  // watchdog.
  static void until_received(RingWriter& w, Subscriber& s) {
    for (std::uint64_t value = 1000;; ++value) {
      const std::uint64_t id = w.next_frame_id();
      (void)publish_value(w, id, value);
      w.beat();
      const Taken taken = s.take_newest();
      if (taken && taken.lease.frame_id() == id && value_of(taken.lease) == value) return;
      ::usleep(1000);
    }
  }

  const TopicName topic_ = topic("cam0/frames");
  const std::string payload_ = path_ + "/cam0/frames";
  const std::string leases_ = path_ + "/cam0/frames.leases";
};

TEST_F(Hostile, a_truncated_lease_file_is_replaced) {
  auto w = writer();
  Subscriber s(dir_, topic_, kSchema);
  for (const off_t bytes : {off_t{0}, off_t{100}, off_t{0}}) {
    until_received(w, s);
    elsewhere([&] {
      if (::truncate(leases_.c_str(), bytes) != 0) ::_exit(1);
    });
    while (std::filesystem::file_size(leases_) != kLeaseFileBytes) until_received(w, s);
    until_received(w, s);
  }
}

TEST_F(Hostile, a_truncated_lease_file_is_replaced_while_nobody_asks_for_anything) {
  auto w = writer();
  Subscriber s(dir_, topic_, kSchema, Demand::every_pixel());
  ASSERT_TRUE(publish_value(w, 1, 1));
  ASSERT_TRUE(s.take_newest());
  elsewhere([&] {
    if (::truncate(leases_.c_str(), 0) != 0) ::_exit(1);
  });
  // A capture that sees no demand takes no loan: it waits for demand and beats.
  while (std::filesystem::file_size(leases_) == 0) {
    (void)w.wait_demand(std::chrono::milliseconds(20));
    w.beat();
  }
  while (!w.demand().any()) (void)s.take_newest();
  EXPECT_TRUE(publish_value(w, 2, 2));
}

TEST_F(Hostile, a_loan_of_before_the_damage_is_dropped) {
  auto w = writer();
  auto loan = w.loan();
  elsewhere([&] {
    if (::truncate(leases_.c_str(), 0) != 0) ::_exit(1);
  });
  while (std::filesystem::file_size(leases_) == 0) w.beat();
  w.publish(std::move(*loan), 1, 8);
  EXPECT_EQ(w.stats().published, 0u);
  EXPECT_TRUE(publish_value(w, 2, 2));
}

// "> cam0/frames" in a shell of the owner's.
TEST_F(Hostile, a_payload_truncated_under_its_writer_is_replaced) {
  auto w = writer();
  Subscriber s(dir_, topic_, kSchema);
  for (const off_t bytes : {off_t{0}, off_t{4096}, off_t{0}}) {
    until_received(w, s);
    auto loan = w.loan();
    elsewhere([&] {
      if (::truncate(payload_.c_str(), bytes) != 0) ::_exit(1);
    });
    std::fill(loan->bytes().begin(), loan->bytes().end(), std::byte{1});
    w.publish(std::move(*loan), w.next_frame_id(), 8);
    while (std::filesystem::file_size(payload_) <= 4096) until_received(w, s);
    until_received(w, s);
  }
}

TEST_F(Hostile, a_scribbled_lease_file_stops_nobody_for_long) {
  auto w = writer();
  Subscriber s(dir_, topic_, kSchema);
  for (unsigned seed = 0; seed < 4; ++seed) {
    until_received(w, s);
    elsewhere([&] { scribble(leases_, 0, kLeaseFileBytes, seed); });
    while (!attach().ok()) {  // a newcomer too
      w.beat();
      ::usleep(1000);
    }
    until_received(w, s);
  }
}

TEST_F(Hostile, absurd_hazards_cost_no_frame) {
  auto w = writer();
  auto r = std::move(attach()).value();
  ASSERT_TRUE(publish_value(w, 1, 1));
  for (unsigned seed = 0; seed < 50; ++seed) {
    elsewhere([&] { scribble(leases_, sizeof(LeaseHeader), kLeaseFileBytes, seed); });
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
    w.beat();
    (void)w.demand();
  }
  // Every slot named by somebody: what no living reader's lock backs is swept, a living one has only its share.
  for (std::uint32_t shift = 0; shift < options().slots(); ++shift) {
    for (std::uint32_t reader = 0; reader < 3; ++reader)
      for (std::uint32_t i = 0; i < 2; ++i)
        overwrite(leases_, sizeof(LeaseHeader) + 64 * reader + sizeof(LeaseEntry) + 4 * i,
                  (shift + 2 * reader + i) % options().slots() + 1);
    ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
  }
}

TEST_F(Hostile, a_damaged_topic_is_taken_over_by_new_files) {
  {
    auto w = writer();
    ASSERT_TRUE(publish_value(w, 1, 1));
  }
  scribble(leases_, 0, kLeaseFileBytes, 1);
  {
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    ASSERT_TRUE(publish_value(w, 2, 2));
  }
  ASSERT_EQ(::truncate(leases_.c_str(), 10), 0);
  {
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    ASSERT_TRUE(publish_value(w, 3, 3));
  }
  scribble(payload_, 0, sizeof(Header), 1);
  {
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    ASSERT_TRUE(publish_value(w, 4, 4));
  }
  ASSERT_EQ(::truncate(payload_.c_str(), 10), 0);
  auto w = writer();
  ASSERT_TRUE(publish_value(w, 5, 5));
  auto r = attach();
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(value_of(r->take_newest().lease), 5u);
}

TEST_F(Hostile, another_layout_version_is_refused_with_both_numbers) {
  { auto w = writer(); }
  overwrite(payload_, offsetof(Header, layout_version), std::uint32_t{9});
  const auto refused = attach();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(refused.error().text, "cam0/frames: written with layout version 9, this program reads version " +
                                      std::to_string(kLayoutVersion) + "; use programs of one release");
}

TEST_F(Hostile, header_fields_out_of_range_are_refused) {
  struct Field {
    const char* name;
    std::size_t offset, bytes;
    std::uint64_t value;
  };
#define FIELD(field, value) \
  Field { #field, offsetof(Header, field), sizeof(Header::field), value }
  const Field fields[] = {FIELD(magic, 0),
                          FIELD(magic, kLeaseMagic),
                          FIELD(slots, 0),
                          FIELD(slots, 9),
                          FIELD(slots, 5000),
                          FIELD(slots, 0xffff'ffff),
                          FIELD(slot_bytes, 0),
                          FIELD(slot_bytes, 4097),
                          FIELD(slot_bytes, ~0ull),
                          FIELD(slot_stride, 0),
                          FIELD(slot_stride, 4100),
                          FIELD(slot_stride, 1ull << 60),
                          FIELD(slots_offset, 0),
                          FIELD(slots_offset, 100),
                          FIELD(slots_offset, 4097),
                          FIELD(slots_offset, 1ull << 40),
                          FIELD(slots_offset, ~63ull),
                          FIELD(metadata_bytes, 4001),
                          FIELD(metadata_bytes, 0xffff'ffff),
                          FIELD(metadata_offset, 0xffff'ffff),
                          FIELD(readers, 0),
                          FIELD(readers, 4),
                          FIELD(readers, 0xffff'ffff),
                          FIELD(held_per_reader, 0),
                          FIELD(held_per_reader, 3),
                          FIELD(held_per_reader, 17)};
#undef FIELD
  {
    auto w = writer();
    ASSERT_TRUE(publish_value(w, 1, 1));
  }
  for (const Field& field : fields) {
    SCOPED_TRACE(std::string(field.name) + " = " + std::to_string(field.value));
    std::uint64_t good = 0;
    {
      std::ifstream(payload_)
          .seekg(static_cast<std::streamoff>(field.offset))
          .read(reinterpret_cast<char*>(&good), static_cast<std::streamsize>(field.bytes));
    }
    const auto set = [&](std::uint64_t value) {
      field.bytes == 8 ? overwrite(payload_, field.offset, value)
                       : overwrite(payload_, field.offset, static_cast<std::uint32_t>(value));
    };
    set(field.value);
    const auto refused = attach();
    EXPECT_FALSE(refused.ok());
    if (!refused.ok()) {
      EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
      EXPECT_EQ(refused.error().text.rfind("cam0/frames: ", 0), 0u) << refused.error().text;
    }
    set(good);
    ASSERT_TRUE(attach().ok());
  }
}

TEST_F(Hostile, truncated_and_missing_files_are_refused) {
  { auto w = writer(); }
  const auto refused_with = [&](ErrorCode code) {
    const auto refused = attach();
    return !refused.ok() && refused.error().code == code && !refused.error().text.empty();
  };
  const auto whole = std::filesystem::file_size(payload_);
  for (const std::uint64_t bytes : {whole - 4096, std::uint64_t{4096}, std::uint64_t{100}, std::uint64_t{0}}) {
    std::filesystem::resize_file(payload_, bytes);
    EXPECT_TRUE(refused_with(ErrorCode::kCorrupt)) << bytes;
  }
  std::filesystem::remove(payload_);
  EXPECT_TRUE(refused_with(ErrorCode::kNotFound));
  { auto w = writer(); }
  std::filesystem::resize_file(leases_, 300);
  EXPECT_TRUE(refused_with(ErrorCode::kCorrupt));
  std::filesystem::resize_file(leases_, 0);
  EXPECT_TRUE(refused_with(ErrorCode::kCorrupt));
  std::filesystem::remove(leases_);
  EXPECT_TRUE(refused_with(ErrorCode::kNotFound));
}

TEST_F(Hostile, a_payload_truncated_under_its_reader_looks_retired) {
  auto w = writer();
  ASSERT_TRUE(publish_value(w, 1, 1));
  Child reader([&] {
    auto r = std::move(attach()).value();
    const Taken taken = r.take_newest();
    std::filesystem::resize_file(payload_, 0);
    (void)value_of(taken.lease);  // zeros, but no SIGBUS
    return r.take_newest().status == Take::kRetired && r.wait(std::chrono::seconds(60)) == Wait::kRetired ? 0 : 1;
  });
  EXPECT_EQ(reader.exit_code(), 0);
}

TEST_F(Hostile, symlinks_are_refused) {
  { auto w = writer(); }
  const std::string link = path_ + "-link";
  std::filesystem::create_symlink(path_, link);
  EXPECT_FALSE(BusDir::open(link).ok());
  EXPECT_FALSE(BusDir::open(link + "/").ok());
  std::filesystem::remove(link);

  std::filesystem::create_directory_symlink("cam0", path_ + "/cam1");
  EXPECT_FALSE(RingReader::attach(dir_, topic("cam1/frames"), kSchema).ok());
  EXPECT_FALSE(RingWriter::open(dir_, topic("cam1/frames"), options()).ok());

  std::filesystem::create_symlink("frames", path_ + "/cam0/other");
  EXPECT_FALSE(RingReader::attach(dir_, topic("cam0/other"), kSchema).ok());

  const std::string outside = path_ + "/outside";
  std::ofstream(outside) << "keep me";
  std::filesystem::create_symlink(outside, path_ + "/cam0/third.lock");
  EXPECT_FALSE(RingWriter::open(dir_, topic("cam0/third"), options()).ok());
  EXPECT_EQ(std::filesystem::file_size(outside), 7u);

  // A leases symlink: no reader follows it, a writer puts its own file in its place.
  std::filesystem::rename(leases_, path_ + "/elsewhere");
  std::filesystem::create_symlink(path_ + "/elsewhere", leases_);
  EXPECT_FALSE(attach().ok());
  { auto w = writer(); }
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(leases_)));
  EXPECT_TRUE(attach().ok());
}

TEST_F(Hostile, what_is_no_file_is_refused) {
  { auto w = writer(); }
  std::filesystem::remove(payload_);
  ASSERT_EQ(::mkfifo(payload_.c_str(), 0600), 0);
  EXPECT_FALSE(attach().ok());
  std::filesystem::remove(payload_);
  std::filesystem::create_directory(payload_);
  EXPECT_FALSE(attach().ok());
  EXPECT_FALSE(RingWriter::open(dir_, topic_, options()).ok());
}

TEST_F(Hostile, a_folder_that_others_may_write_to_is_refused) {
  for (const mode_t mode : {mode_t{0770}, mode_t{0777}, mode_t{0752}}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    const auto refused = BusDir::open(path_);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(refused.error().text, "bus directory " + path_ + " may be written to by others; expected mode 0750 (chmod go-w)");
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0750), 0);
  EXPECT_TRUE(BusDir::open(path_).ok());
}

TEST_F(Hostile, a_folder_on_a_disk_is_refused) {
  const std::string here = std::filesystem::current_path().string() + "/not_a_tmpfs";
  struct statfs filesystem {};
  ASSERT_EQ(::statfs(".", &filesystem), 0);
  if (filesystem.f_type == TMPFS_MAGIC) GTEST_SKIP() << "the build folder is in a tmpfs itself";
  const auto refused = BusDir::open(here);
  std::filesystem::remove(here);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text,
            "bus directory " + here + " is not in a tmpfs; frames would go through a disk: choose a folder below /dev/shm");
}

TEST_F(Hostile, modes_and_names_are_as_designed) {
  ::umask(0077);
  auto w = writer();
  ::umask(0022);
  const auto mode = [](const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  };
  EXPECT_EQ(mode(path_), 0750u);
  EXPECT_EQ(mode(path_ + "/cam0"), 0750u);
  EXPECT_EQ(mode(payload_), 0640u);
  EXPECT_EQ(mode(leases_), 0660u);
  EXPECT_EQ(mode(payload_ + ".lock"), 0600u);
  w.remove();
  EXPECT_TRUE(std::filesystem::is_empty(path_ + "/cam0"));
}

}  // namespace
}  // namespace vedette::bus
