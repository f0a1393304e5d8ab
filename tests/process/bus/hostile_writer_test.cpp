// Payload files that say what no sound writer writes: a successor makes new ones, readers neither hang nor spin nor go astray.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <vector>

#include "bus/layout.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;
constexpr std::uint64_t kPublished = 5;

RingOptions options(std::uint32_t readers = 3) {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 2, .writer_slots = 1, .readers = readers, .held_per_reader = 1};
}
std::size_t descriptor_at(std::uint32_t slot) { return sizeof(Header) + slot * sizeof(Descriptor); }

class HostileWriter : public test::BusFixture {
 protected:
  RingWriter writer() { return std::move(RingWriter::open(dir_, topic_, options())).value(); }
  RingReader reader() { return std::move(RingReader::attach(dir_, topic_, kSchema)).value(); }
  void start_anew() {
    std::filesystem::remove_all(path_ + "/cam0");
    auto w = writer();
    for (std::uint64_t i = 1; i <= kPublished; ++i) ASSERT_TRUE(publish_value(w, i, i));
  }
  void overwrite(std::size_t offset, std::uint64_t value, std::size_t bytes = 8) {
    const UniqueFd fd(::open(payload_.c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), &value, bytes, static_cast<off_t>(offset)), static_cast<ssize_t>(bytes));
  }

  const TopicName topic_ = topic("cam0/frames");
  const std::string payload_ = path_ + "/cam0/frames";
};

struct Lie {
  const char* what;
  std::size_t offset;
  std::uint64_t value;
};
const Lie kLies[] = {
    {"a head whose slot is not there", offsetof(Header, head), pack_head(kPublished, 6)},
    {"a head whose slot can't be", offsetof(Header, head), pack_head(kPublished + 1, 4095)},
    {"a head beyond what was published", offsetof(Header, head), pack_head(1000, 0)},
    {"the last head there is", offsetof(Header, head), ~0ull},
    {"a head at the end of its numbers", offsetof(Header, head), pack_head((1ull << 52) - 1, 0)},
    {"a head that went back", offsetof(Header, head), pack_head(1, 0)},
    {"no head", offsetof(Header, head), 0},
    {"a generation at the end of its numbers", descriptor_at(0), ~1ull},
    {"one of an abandoned slot", descriptor_at(0), ~0ull},
    {"one that another slot has", descriptor_at(5), 2 * kPublished},
    {"one from far ahead", descriptor_at(1), 2 * (kPublished + 2)},
};

TEST_F(HostileWriter, what_no_dead_writer_can_have_left_is_not_taken_over) {
  for (const Lie& lie : kLies) {
    SCOPED_TRACE(lie.what);
    start_anew();
    Subscriber s(dir_, topic_, kSchema);
    (void)s.take_newest();
    overwrite(lie.offset, lie.value);
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    // A reader of before comes over.
    std::uint64_t id = 0;
    for (Taken taken; !taken || taken.lease.frame_id() != id || value_of(taken.lease) != id; taken = s.take_newest()) {
      taken.lease.release();
      id = w.next_frame_id();
      ASSERT_TRUE(publish_value(w, id, id));
    }
  }
}

TEST_F(HostileWriter, readers_of_lies_end_their_waits_and_their_takes) {
  for (const Lie& lie : kLies) {
    SCOPED_TRACE(lie.what);
    start_anew();
    auto newest = reader(), next = reader(), seek = reader();
    overwrite(lie.offset, lie.value);
    // Everything there is can be had, once; then there is nothing new: a wait that said so would be a busy loop.
    for (std::uint64_t i = 0; i <= kPublished + 1; ++i) {
      (void)newest.take_newest();
      (void)next.take_next();
    }
    EXPECT_EQ(newest.wait(std::chrono::milliseconds(1)), Wait::kTimeout);
    EXPECT_EQ(next.wait(std::chrono::milliseconds(1)), Wait::kTimeout);
    for (const std::uint64_t id : {0ull, 3ull, 1000ull, ~0ull}) {
      const Found found = seek.find(id);
      EXPECT_LE(found.lease.bytes().size(), options().slot_bytes);
    }
  }
}

TEST_F(HostileWriter, absurd_descriptors_lead_nowhere) {
  start_anew();
  for (std::uint32_t slot = 0; slot < options().slots(); ++slot) {
    overwrite(descriptor_at(slot) + offsetof(Descriptor, bytes), ~0ull);
    overwrite(descriptor_at(slot) + offsetof(Descriptor, frame_id), ~0ull);
  }
  auto r = reader();
  const Taken taken = r.take_newest();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken.lease.bytes().size(), options().slot_bytes);
  auto w = writer();
  EXPECT_TRUE(w.took_over()) << "frame ids are the publisher's own business";
  const std::uint64_t first = w.next_frame_id();
  EXPECT_NE(first, 0u);
  EXPECT_EQ(w.next_frame_id(), first + 1);
}

// A writer that died between a record and the header's word of it, and a successor with other slots (found by the soak).
TEST_F(HostileWriter, frame_ids_go_on_in_files_of_another_size) {
  std::uint64_t last = 0;
  {
    auto w = writer();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(publish_value(w, last = w.next_frame_id(), 1));
  }
  overwrite(offsetof(Header, frame_id), last - 2);
  RingOptions larger = options();
  larger.slot_bytes *= 2;
  auto w = std::move(RingWriter::open(dir_, topic_, larger)).value();
  EXPECT_GT(w.next_frame_id(), last);
}

TEST_F(HostileWriter, a_file_with_holes_costs_a_reader_no_memory) {
  start_anew();
  overwrite(offsetof(Header, file_bytes), 1ull << 40);
  ASSERT_EQ(::truncate(payload_.c_str(), 1ll << 40), 0);
  const auto refused = RingReader::attach(dir_, topic_, kSchema);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(writer().took_over());

  ASSERT_EQ(::truncate((payload_ + ".leases").c_str(), 1ll << 40), 0);
  EXPECT_EQ(RingReader::attach(dir_, topic_, kSchema).error().text, "cam0/frames: its lease file is too long");
  auto w = writer();
  EXPECT_FALSE(w.took_over());
  EXPECT_TRUE(RingReader::attach(dir_, topic_, kSchema).ok());
}

// The entries end with the page: who finds none free must not touch the one behind the last.
TEST_F(HostileWriter, a_reader_too_many_leaves_no_trace) {
  constexpr std::uint32_t kReaders = (4096 - sizeof(LeaseHeader)) / 64;
  const auto w = RingWriter::open(dir_, topic_, options(kReaders));
  ASSERT_TRUE(w.ok());
  ASSERT_EQ(std::filesystem::file_size(payload_ + ".leases"), 4096u);
  std::vector<RingReader> readers;
  while (readers.size() < kReaders) readers.push_back(reader());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RingReader::attach(dir_, topic_, kSchema).error().code, ErrorCode::kResourceExhausted);
  readers.pop_back();
  EXPECT_TRUE(RingReader::attach(dir_, topic_, kSchema).ok());
}

}  // namespace
}  // namespace vedette::bus
