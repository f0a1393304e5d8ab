// A recording gives back what was put in; cut, overwritten or made up by somebody hostile, it gives back whole records or none.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "recording/hash.h"
#include "recording/reader.h"
#include "recording/writer.h"
#include "support/child.h"

namespace vedette::recording {
namespace {

using Bytes = std::vector<std::byte>;

struct Put {
  RecordFields fields;
  Bytes payload;
};

class Recording : public ::testing::Test {
 protected:
  Recording() { std::filesystem::create_directories(folder_); }
  ~Recording() override { std::filesystem::remove_all(folder_); }

  static bus::RingOptions options(std::uint64_t slot_bytes) {
    return {.schema_id = 5, .slot_bytes = slot_bytes, .keep = 2, .readers = 3, .metadata = "a\nb"};
  }
  static RecordedTopic log(std::uint64_t longest) {
    const bus::RingOptions common{
        .schema_id = 9, .keep = 0, .writer_slots = 0, .readers = 3, .held_per_reader = 0, .metadata = "text"};
    const bus::LogOptions log{.schema_id = 9,
                              .data_bytes = 1ull << 36,
                              .index_entries = 512,
                              .max_record_bytes = longest,
                              .readers = 3,
                              .metadata = "text"};
    return {topic("cam0/packets"), common, log};
  }
  static bus::TopicName topic(std::string_view text) { return std::move(bus::TopicName::parse(text)).value(); }

  // Two topics and `count` records of many sizes, 0 too.
  void fill(RecordingWriter& writer, std::size_t count) {
    ASSERT_TRUE(writer.add_topic(topic("cam0/frames"), options(5000)).ok());
    for (std::size_t i = 0; i < count; ++i) {
      if (i == count / 2) {
        ASSERT_TRUE(writer.add_topic(topic("cam0/detections"), options(200)).ok());
      }
      Put put{{.topic = i < count / 2 ? 0u : static_cast<std::uint32_t>(i % 2),
               .missed = static_cast<std::uint32_t>(i % 5 == 4),
               .sequence = i + 1,
               .frame_id = 1000 + i,
               .at_ns = 10 * i},
              Bytes(random_() % (i % 7 == 0 ? 150 : 40))};
      for (std::byte& byte : put.payload) byte = static_cast<std::byte>(random_());
      // An index may follow it.
      ends_.push_back(writer.bytes() + sizeof(ChunkHeader) + padded(sizeof put.fields + put.payload.size()));
      ASSERT_TRUE(writer.add(put.fields, put.payload).ok());
      put_.push_back(std::move(put));
    }
  }
  void make(std::size_t count, std::uint64_t index_every, bool finish) {
    auto writer = std::move(RecordingWriter::create(path_, {.index_every_bytes = index_every, .overwrite = true})).value();
    fill(writer, count);
    if (finish) {
      ASSERT_TRUE(writer.finish().ok());
    }
  }
  // The first `count` records are there, whole, and no others.
  void expect_records(const RecordingReader& reader, std::size_t count) {
    ASSERT_EQ(reader.records().size(), count);
    Bytes buffer;
    for (std::size_t i = 0; i < count; ++i) {
      const IndexEntry& entry = reader.records()[i];
      EXPECT_EQ(std::memcmp(&entry.record, &put_[i].fields, sizeof entry.record), 0) << i;
      const auto payload = reader.read(entry, buffer);
      ASSERT_TRUE(payload.ok()) << payload.error().text;
      EXPECT_TRUE(std::equal(payload->begin(), payload->end(), put_[i].payload.begin(), put_[i].payload.end())) << i;
    }
  }
  std::string content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  const std::string folder_ = ::testing::TempDir() + "vedette-recording-" + std::to_string(::getpid());
  const std::string path_ = folder_ + "/bus.rec";
  std::vector<Put> put_;
  std::vector<std::uint64_t> ends_;  // of the file after each record
  std::mt19937 random_{7};
};

TEST_F(Recording, a_logs_topic_comes_back_as_it_was) {
  {
    auto writer = std::move(RecordingWriter::create(path_, {})).value();
    ASSERT_TRUE(writer.add_topic(log(700)).ok());
    ASSERT_TRUE(writer.add({.topic = 0, .sequence = 1 | kKeyframe}, Bytes(700)).ok());
    ASSERT_TRUE(writer.finish().ok());
  }
  {
    const auto reader = std::move(RecordingReader::open(path_)).value();
    ASSERT_EQ(reader.topics().size(), 1u);
    EXPECT_EQ(reader.topics()[0], log(700));
    ASSERT_EQ(reader.records().size(), 1u);
    EXPECT_EQ(reader.records()[0].record.sequence, 1 | kKeyframe);
  }
  auto writer = std::move(RecordingWriter::create(path_, {.overwrite = true})).value();
  ASSERT_TRUE(writer.add_topic(log(700)).ok());
  ASSERT_TRUE(writer.add({.topic = 0, .sequence = 1}, Bytes(701)).ok());
  EXPECT_TRUE(std::move(RecordingReader::open(path_)).value().records().empty()) << "longer than its topic's longest";
}

TEST_F(Recording, gives_back_what_was_put_in) {
  for (const bool finished : {true, false}) {
    put_.clear();
    make(200, 2000, finished);
    const auto reader = RecordingReader::open(path_);
    ASSERT_TRUE(reader.ok()) << reader.error().text;
    expect_records(*reader, 200);
    ASSERT_EQ(reader->topics().size(), 2u);
    EXPECT_EQ(reader->topics()[0].name.text(), "cam0/frames");
    EXPECT_EQ(reader->topics()[0].options, options(5000));
    EXPECT_EQ(reader->topics()[1].options, options(200));
    EXPECT_EQ(reader->complete(), finished);
    EXPECT_EQ(reader->missed(), 40u);
    EXPECT_EQ(reader->ignored_bytes(), 0u);
  }
}

TEST_F(Recording, cut_at_any_byte_gives_all_whole_records) {
  make(40, 900, true);
  const std::string whole = content();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::filesystem::resize_file(path_, 0);
    write(std::string_view(whole).substr(0, size));
    const auto reader = RecordingReader::open(path_);
    if (size < sizeof(Preamble)) {
      EXPECT_FALSE(reader.ok());
      continue;
    }
    ASSERT_TRUE(reader.ok()) << size;
    std::size_t there = 0;
    while (there < ends_.size() && ends_[there] <= size) ++there;
    ASSERT_NO_FATAL_FAILURE(expect_records(*reader, there)) << size;
    EXPECT_FALSE(reader->complete());
  }
}

// A power cut may leave zeros or old bytes where the file's size says that there is something.
TEST_F(Recording, zeros_at_the_end_are_no_records) {
  make(60, 1500, false);
  const std::string whole = content();
  for (std::size_t i = 40; i < 60; ++i) {
    std::string holed = whole;
    std::fill(holed.begin() + static_cast<std::ptrdiff_t>(ends_[i] - 20), holed.end(), '\0');
    write(holed);
    const auto reader = RecordingReader::open(path_);
    ASSERT_TRUE(reader.ok());
    ASSERT_NO_FATAL_FAILURE(expect_records(*reader, i)) << "only the last one was damaged";
  }
}

TEST_F(Recording, a_changed_byte_is_noticed) {
  make(60, 1500, true);
  const std::string whole = content();
  for (int round = 0; round < 500; ++round) {
    std::string changed = whole;
    const std::size_t place = sizeof(Preamble) + random_() % (whole.size() - sizeof(Preamble));
    changed[place] = static_cast<char>(changed[place] ^ (1 << random_() % 8));
    write(changed);
    const auto reader = RecordingReader::open(path_);
    ASSERT_TRUE(reader.ok());
    Bytes buffer;
    for (const IndexEntry& entry : reader->records()) {
      const auto payload = reader->read(entry, buffer);
      if (!payload.ok()) continue;
      const Put& put = put_.at(entry.record.sequence - 1);
      EXPECT_EQ(std::memcmp(&entry.record, &put.fields, sizeof put.fields), 0);
      EXPECT_TRUE(std::equal(payload->begin(), payload->end(), put.payload.begin(), put.payload.end()));
    }
  }
}

// Right hashes, wrong contents: whoever makes a file may compute them too.
TEST_F(Recording, lengths_and_numbers_are_checked_whatever_the_hashes_say) {
  const auto file_with = [this](ChunkKind kind, std::string_view body, std::uint64_t claimed) {
    Preamble preamble;
    ChunkHeader header{.kind = kind, .body_bytes = claimed, .body_hash = hash_of(std::as_bytes(std::span(body)))};
    header.header_hash = hash_of(header, sizeof preamble);
    std::string bytes(reinterpret_cast<const char*>(&preamble), sizeof preamble);
    bytes.append(reinterpret_cast<const char*>(&header), sizeof header).append(body);
    bytes.resize(padded(bytes.size()));
    write(bytes);
  };
  for (const std::uint64_t claimed : {std::uint64_t{1} << 62, ~std::uint64_t{0}, ~std::uint64_t{6}, std::uint64_t{1} << 30}) {
    file_with(ChunkKind::kRecord, "abc", claimed);
    const auto reader = RecordingReader::open(path_);
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader->records().empty());
  }
  const std::string record(sizeof(RecordFields) + 10, 'x');  // of a topic that isn't there
  file_with(ChunkKind::kRecord, record, record.size());
  EXPECT_TRUE(RecordingReader::open(path_)->records().empty());
  TopicFields fields{
      .name_bytes = 8, .slot_bytes = 10, .keep = 0xffff'ffff, .writer_slots = 1, .readers = 1, .held_per_reader = 1};
  const std::string body = std::string(reinterpret_cast<const char*>(&fields), sizeof fields) + "cam0/abc";
  file_with(ChunkKind::kTopic, body, body.size());
  EXPECT_TRUE(RecordingReader::open(path_)->topics().empty());
}

TEST_F(Recording, what_is_no_recording_is_refused_with_a_sentence) {
  write(std::string(100, 'x'));
  EXPECT_EQ(RecordingReader::open(path_).error().text, path_ + ": not a bus recording");
  make(1, 1000, true);
  std::string bytes = content();
  bytes[8] = 9;
  write(bytes);
  EXPECT_EQ(RecordingReader::open(path_).error().text, path_ + ": a recording of format version 9, this program reads version 1");
  EXPECT_EQ(RecordingReader::open(folder_).error().text, folder_ + ": a recording is a regular file");
  EXPECT_EQ(RecordingReader::open(path_ + "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RecordingWriter::create(path_).error().text, path_ + " is there already; --force overwrites it");
}

TEST_F(Recording, a_full_disk_leaves_a_valid_file) {
  test::Child child([this] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{20'000, 20'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto writer = std::move(RecordingWriter::create(path_, {.index_every_bytes = 3000})).value();
    const auto id = std::move(writer.add_topic(topic("cam0/frames"), options(5000))).value();
    const Bytes payload(1000, std::byte{7});
    for (std::uint64_t i = 0; i < 100; ++i)
      if (const auto added = writer.add({.topic = id, .sequence = i}, payload); !added.ok()) {
        (void)writer.finish();  // fits, or doesn't
        return added.error().text == path_ + " can't be written: File too large" ? static_cast<int>(i) : 200;
      }
    return 201;
  });
  const int written = child.exit_code();
  ASSERT_GT(written, 10);
  ASSERT_LT(written, 100);
  const auto reader = RecordingReader::open(path_);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->records().size(), static_cast<std::size_t>(written));
  EXPECT_EQ(reader->ignored_bytes(), 0u) << "what didn't fit was cut off again";
  Bytes buffer;
  for (const IndexEntry& entry : reader->records()) EXPECT_TRUE(reader->read(entry, buffer).ok());
}

TEST_F(Recording, killed_at_any_time_it_keeps_what_was_written) {
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove(path_);
    test::Child child([this] {
      auto writer = std::move(RecordingWriter::create(path_, {.index_every_bytes = 50'000})).value();
      const auto id = std::move(writer.add_topic(topic("cam0/frames"), options(5000))).value();
      Bytes payload(3000);
      for (std::uint64_t i = 0;; ++i) {
        std::memcpy(payload.data(), &i, sizeof i);
        if (!writer.add({.topic = id, .sequence = i}, payload).ok()) return 1;
      }
    });
    std::error_code not_yet;
    while (std::filesystem::file_size(path_, not_yet) < 100'000u * static_cast<unsigned>(round + 1) || not_yet)
      std::this_thread::yield();
    child.end();
    const auto reader = RecordingReader::open(path_);
    ASSERT_TRUE(reader.ok());
    EXPECT_GT(reader->records().size(), 25u * static_cast<unsigned>(round + 1));
    EXPECT_LE(reader->ignored_bytes(), 4096u) << "at most the record at hand";
    Bytes buffer;
    for (std::uint64_t i = 0; i < reader->records().size(); ++i) {
      const auto payload = reader->read(reader->records()[i], buffer);
      ASSERT_TRUE(payload.ok());
      EXPECT_EQ(std::memcmp(payload->data(), &i, sizeof i), 0);
    }
  }
}

}  // namespace
}  // namespace vedette::recording
