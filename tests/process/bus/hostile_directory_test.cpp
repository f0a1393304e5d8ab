// Somebody was in the bus directory first: links, special files, other owners, other modes. Each is refused with a sentence or
// replaced, and what a link leads to stays as it was.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <string>

#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/users.h"

namespace vedette::bus {
namespace {

using test::kOwner;
using test::kStranger;

constexpr std::uint64_t kSchema = 7;
constexpr std::string_view kKeep = "keep me";

RingOptions options() { return {.schema_id = kSchema, .slot_bytes = 4096, .readers = 3}; }

enum class Outcome { kReplaced, kRefused };

class Directory : public test::BusFixture {
 protected:
  Directory() { std::ofstream(victim_) << kKeep; }

  std::string file(const std::string& suffix) const { return path_ + "/cam0/frames" + suffix; }
  void write(const std::string& path, mode_t mode, uid_t owner) const {
    std::ofstream(path) << kKeep;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ(::chown(path.c_str(), owner, static_cast<gid_t>(-1)), 0);
  }

  // Puts it in the way of the topic's writer; with the topic's own files behind it where there were some.
  void put(const std::string& kind, const std::string& path) {
    std::filesystem::remove_all(path);
    if (kind == "symlink") std::filesystem::create_symlink(victim_, path);
    if (kind == "dangling symlink") std::filesystem::create_symlink(path_ + "/nowhere", path);
    if (kind == "hard link") std::filesystem::create_hard_link(victim_, path);
    if (kind == "fifo" && ::mkfifo(path.c_str(), 0600) != 0) FAIL() << path;
    if (kind == "directory") std::filesystem::create_directory(path);
    if (kind == "device" && ::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) FAIL() << path;
    if (kind == "open to all") write(path, 0666, ::geteuid());
    if (kind == "of another user") write(path, 0600, kStranger.uid);
  }

  void expect(const std::string& kind, const std::string& suffix, Outcome outcome) {
    SCOPED_TRACE(kind + " as frames" + suffix);
    { ASSERT_TRUE(RingWriter::open(dir_, topic_, options()).ok()); }  // whole files first
    if (suffix.ends_with(".new")) std::filesystem::remove(file(""));  // only who makes files comes by it
    put(kind, file(suffix));
    {
      auto w = RingWriter::open(dir_, topic_, options());
      EXPECT_EQ(w.ok(), outcome == Outcome::kReplaced) << (w.ok() ? "" : w.error().text);
      if (w.ok()) {
        EXPECT_TRUE(test::publish_value(*w, 1, 77));
        auto r = RingReader::attach(dir_, topic_, kSchema);
        EXPECT_TRUE(r.ok() && test::value_of(r->take_newest().lease) == 77) << (r.ok() ? "" : r.error().text);
        expect_modes();
      } else {
        EXPECT_NE(w.error().text.find("frames"), std::string::npos) << w.error().text;
      }
    }
    std::ifstream victim(victim_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(victim), {}), kKeep);
    EXPECT_FALSE(std::filesystem::exists(path_ + "/nowhere"));
    std::filesystem::remove_all(path_ + "/cam0");
  }
  void expect_modes() const {
    for (const auto& [suffix, mode] : {std::pair{"", 0640u}, {".leases", 0660u}, {".lock", 0600u}}) {
      struct stat status {};
      ASSERT_EQ(::lstat(file(suffix).c_str(), &status), 0) << suffix;
      EXPECT_TRUE(S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_nlink == 1) << suffix;
      EXPECT_EQ(status.st_mode & 07777, mode) << suffix;
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(file(".new"))));
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(file(".leases.new"))));
  }

  const std::string victim_ = path_ + "/victim";
  const TopicName topic_ = topic("cam0/frames");
};

TEST_F(Directory, what_stands_in_a_writers_way_is_replaced_or_refused) {
  for (const char* const suffix : {"", ".leases", ".new", ".leases.new"}) {
    for (const char* const kind : {"symlink", "dangling symlink", "hard link", "fifo", "open to all"})
      expect(kind, suffix, Outcome::kReplaced);
    expect("directory", suffix, Outcome::kRefused);
  }
  // The lock is what tells who lives: nothing is put in its place.
  for (const char* const kind : {"symlink", "dangling symlink", "hard link", "fifo", "directory"})
    expect(kind, ".lock", Outcome::kRefused);
  expect("open to all", ".lock", Outcome::kReplaced);
}

TEST_F(Directory, what_another_user_or_root_put_there_is_replaced_or_refused) {
  VD_NEED_ROOT();
  for (const char* const suffix : {"", ".leases", ".new", ".leases.new"}) expect("device", suffix, Outcome::kReplaced);
  expect("device", ".lock", Outcome::kRefused);
  for (const char* const suffix : {".leases", ".new", ".leases.new"}) expect("of another user", suffix, Outcome::kReplaced);
  for (const char* const suffix : {"", ".lock"}) expect("of another user", suffix, Outcome::kRefused);
}

TEST_F(Directory, a_reader_follows_no_link_and_opens_no_special_file) {
  for (const char* const suffix : {"", ".leases"}) {
    for (const char* const kind : {"symlink", "dangling symlink", "hard link", "fifo", "directory", "open to all"}) {
      { ASSERT_TRUE(RingWriter::open(dir_, topic_, options()).ok()); }
      put(kind, file(suffix));
      const auto refused = RingReader::attach(dir_, topic_, kSchema);
      EXPECT_TRUE(!refused.ok() && refused.error().text.find("frames") != std::string::npos) << kind << suffix;
      std::filesystem::remove_all(path_ + "/cam0");
    }
  }
}

// Two topics' names for one file would be two writers of one ring.
TEST_F(Directory, a_copy_of_a_topic_by_hard_links_is_no_topic_to_write) {
  auto w = std::move(RingWriter::open(dir_, topic_, options())).value();
  ASSERT_TRUE(test::publish_value(w, 1, 1));
  std::filesystem::create_directory(path_ + "/cam1");
  ASSERT_EQ(::chmod((path_ + "/cam1").c_str(), 0750), 0);
  for (const char* const name : {"frames", "frames.leases"})
    std::filesystem::create_hard_link(path_ + "/cam0/" + name, path_ + "/cam1/" + name);
  const auto other = RingWriter::open(dir_, topic("cam1/frames"), options());
  ASSERT_TRUE(other.ok()) << other.error().text;
  EXPECT_FALSE(other->took_over());
  EXPECT_EQ(w.stats().epoch, 1u);
  auto r = std::move(RingReader::attach(dir_, topic_, kSchema)).value();
  EXPECT_EQ(test::value_of(r.take_newest().lease), 1u) << "not retired";
}

TEST_F(Directory, an_open_mode_of_ones_own_files_is_not_taken_over) {
  for (const auto& [suffix, mode] : {std::pair{"", 0666u}, {"", 0660u}, {".leases", 0666u}}) {
    { ASSERT_TRUE(RingWriter::open(dir_, topic_, options()).ok()); }
    ASSERT_EQ(::chmod(file(suffix).c_str(), mode), 0);
    const auto w = RingWriter::open(dir_, topic_, options());
    ASSERT_TRUE(w.ok());
    EXPECT_FALSE(w->took_over());
    expect_modes();
  }
}

TEST_F(Directory, camera_folders_of_others_or_open_to_others_are_refused) {
  const std::string folder = path_ + "/cam0";
  std::filesystem::create_directory(folder);
  for (const mode_t mode : {mode_t{0770}, mode_t{0757}}) {
    ASSERT_EQ(::chmod(folder.c_str(), mode), 0);
    const auto refused = RingWriter::open(dir_, topic_, options());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
    EXPECT_FALSE(RingReader::attach(dir_, topic_, kSchema).ok());
  }
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chmod(folder.c_str(), 0750), 0);
  ASSERT_EQ(::chown(folder.c_str(), kStranger.uid, kStranger.gid), 0);
  const auto refused = RingWriter::open(dir_, topic_, options());
  ASSERT_FALSE(refused.ok()) << "root too";
  EXPECT_EQ(refused.error().text, folder + " belongs to user " + std::to_string(kStranger.uid) +
                                      ", not to 0; topics are written by the owner of their folder only");
}

// /dev/shm is open to everybody: anybody may make the folder that somebody else's cameras use by default.
TEST_F(Directory, a_default_directory_that_another_user_made_is_refused) {
  VD_NEED_ROOT();
  const std::string place = "/dev/shm/vedette-" + std::to_string(kOwner.uid);
  const auto outcome = [&](const std::function<void()>& prepare) {
    std::filesystem::remove_all(place);
    EXPECT_EQ(test::run_as(kStranger, [&] { return prepare(), 0; }), 0);
    return test::run_as(kOwner, [] {
      const auto dir = BusDir::open();
      if (dir.ok()) return 0;
      return dir.error().text.find("bus directory /dev/shm/vedette-") == 0 ? static_cast<int>(dir.error().code) + 1 : 100;
    });
  };
  const int denied = static_cast<int>(ErrorCode::kPermissionDenied) + 1;
  EXPECT_EQ(outcome([] {}), 0);
  EXPECT_EQ(outcome([&] { (void)::mkdir(place.c_str(), 0755); }), denied);
  EXPECT_GT(outcome([&] { (void)::symlink("/dev/shm", place.c_str()); }), 1);
  EXPECT_GT(outcome([&] { (void)::mkfifo(place.c_str(), 0666); }), 1);
  EXPECT_GT(outcome([&] { (void)::close(::open(place.c_str(), O_CREAT | O_WRONLY, 0666)); }), 1);
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace vedette::bus
