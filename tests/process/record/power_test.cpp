// A kill, and a power cut, at every single call that changes a file, while the recorder's own code records continuously and by
// events, one event is made a favourite and one is removed: at most the one in progress is lost, and the start-up check leaves no
// trace of it, even if it is cut itself. A clip being turned into H.264 is left out: the encoder's threads would have to be
// traced as well (Transcoder.ReplacesAClipByAllOfItOrNotAtAll looks at the replacement).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/clock.h"
#include "process/record/record_fixture.h"
#include "record/recording.h"
#include "record/segments.h"
#include "store/mend.h"
#include "support/shared.h"
#include "support/write_tracer.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEvents = 2;
constexpr std::uint64_t kSegmentNs = 4 * kSecondNs;
constexpr std::size_t kMendCalls = 60;  // at least as many as the start-up check makes
constexpr double kBegan = 17;           // of the source's clock, seconds ago
const ClipKind kClip{"record-power", "libx264 -preset ultrafast -g 30 -keyint_min 30 -sc_threshold 0", "", 12};

// What the child has come to.
struct Progress {
  std::atomic<std::uint64_t> segments{0};  // of continuous recording, in the index
  std::atomic<std::uint64_t> done{0};      // events
  std::atomic<int> marking{0};             // the last event as a favourite: 1: begun, 2: done
  std::atomic<int> removing{0};            // the first event: 1: begun, 2: done
};

// What control tells of event `id`: an object at the door, from `id` + 2 seconds on, for a second.
record::News news_of(std::uint64_t id, std::uint64_t zero_ns, schema::EventPhase phase) {
  record::News news;
  news.id = id;
  news.kind = schema::EventKind::Object;
  news.phase = phase;
  news.started_at_ns = zero_ns + (id + 2) * kSecondNs;
  news.at_ns = news.started_at_ns + (phase == schema::EventPhase::End ? kSecondNs : 0);
  news.started_wall_at_ns = wall_ns() - age_ns(news.started_at_ns);
  news.wall_at_ns = wall_ns() - age_ns(news.at_ns);
  news.label = "person", news.zone = "door", news.score = 0.8f;
  news.best_frame_id = 1000 + id, news.best_captured_at_ns = news.started_at_ns + kSecondNs / 2;
  news.box = {0.25f, 0.25f, 0.5f, 0.5f};
  return news;
}

// One event from its start to its last byte, without a wait: all its packets are in the log. False: it didn't come to its end.
bool record_event(const record::RecordingParts& parts, std::uint64_t id, std::uint64_t zero_ns) {
  const record::RecordingOptions options{kSecondNs, kSecondNs, 60 * kSecondNs};
  record::Recording recording(parts, options, "front", news_of(id, zero_ns, schema::EventPhase::Start), {});
  recording.update(news_of(id, zero_ns, schema::EventPhase::End));
  for (int step = 0; step < 1000; ++step) {
    while (!parts.feed.step()) continue;
    if (recording.step(monotonic_ns())) return true;
  }
  return false;
}

// Gives segments what is in the log already: by themselves they begin with what comes.
class Relay : public record::Sink {
 public:
  Relay(record::Feed& feed, record::Sink& to, std::uint64_t from_ns, std::function<void()> look)
      : feed_(feed), to_(to), look_(std::move(look)) {
    feed_.add(*this, from_ns);
  }
  ~Relay() override { feed_.remove(*this); }
  void take(const PacketView& packet) override { to_.take(packet), look_(); }

 private:
  record::Feed& feed_;
  record::Sink& to_;
  std::function<void()> look_;
};

// All that is in the log, in segments.
void record_segments(const bus::BusDir& dir, store::Store& store, record::Disk& disk, record::Feed& feed, std::uint64_t zero_ns,
                     const Shared<Progress>& progress) {
  const auto look = [&] {
    if (const auto segments = store.segments("", 100)) progress->segments = segments->size();
  };
  {
    record::Feed nothing(dir, {"none", "", false, 90});
    record::Segments segments(store, disk, nothing, "front", kSegmentNs);
    const Relay relay(feed, segments, zero_ns, look);
    while (!feed.step()) continue;
  }
  look();
}

int work(const std::string& root, const bus::BusDir& dir, std::uint64_t zero_ns, const Shared<Progress>& progress) {
  auto store = store::Store::open(root);
  if (!store || !store::mend(*store)) return 1;
  record::Disk disk(root, 0);
  record::Feed feed(dir, {"front", "", true, 90});
  record::SnapshotWriter snapshots(feed, {});
  const record::RecordingParts parts{*store, disk, feed, snapshots, [](const record::Media&) {}, [](const store::EventKey&) {}};
  record_segments(dir, *store, disk, feed, zero_ns, progress);
  if (progress->segments < 3) return 4;
  for (std::uint64_t id = 1; id <= kEvents; ++id) {
    if (!record_event(parts, id, zero_ns)) return 2;
    progress->done = id;
  }
  progress->marking = 1;
  if (!store->set_favourite({"front", kEvents}, true)) return 5;
  progress->marking = 2;
  progress->removing = 1;
  if (!store->remove(store::EventKey{"front", 1})) return 3;
  progress->removing = 2;
  return 0;
}

bool is_whole_jpeg(const std::string& bytes) {
  return bytes.size() > 100 && bytes.starts_with("\xff\xd8") && bytes.ends_with("\xff\xd9");
}

// Its boxes, one behind the other, are as long as the file, and there are both an index and pictures.
bool is_whole_mp4(const std::string& bytes) {
  std::set<std::string> kinds;
  std::size_t at = 0;
  while (at + 8 <= bytes.size()) {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (length < 8) return false;
    kinds.insert(bytes.substr(at + 4, 4));
    at += length;
  }
  return at == bytes.size() && kinds.contains("moov") && kinds.contains("mdat");
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  return files;
}

void expect_segments(const store::Store& store, const Progress& progress) {
  const auto segments = store.segments("", 100).value();
  std::vector<std::string> wanted;
  for (const store::Segment& segment : segments) {
    wanted.push_back(store.tree().segment(segment.camera, segment.started_at_ms));
    EXPECT_TRUE(is_whole_mp4(read_file(wanted.back()))) << wanted.back();
  }
  std::vector<std::string> there = files_below(store.tree().root() + "/recordings");
  std::sort(there.begin(), there.end()), std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(there, wanted) << "segments that the index lacks, or without their files";
  EXPECT_GE(segments.size(), progress.segments) << "a segment was in the index and is gone";
  EXPECT_LE(segments.size(), progress.segments + 1);
}

// The start-up check is cut as well, before its call `n`. What is left of `root`, killed, and in `after_a_cut`, without power.
void mend_until_cut(const std::string& root, const std::string& after_a_cut, std::size_t n) {
  const WriteTracer tracer(
      [&] {
        auto store = store::Store::open(root);
        return store && store::mend(*store) ? 0 : 1;
      },
      n, root);
  tracer.lay_out(root, after_a_cut);
  if (n == kMendCalls) {
    EXPECT_TRUE(tracer.finished()) << "it makes more calls than are tried";
  }
}

// Whatever the storage folder is after the cut: the next recorder finds all that was done, and all of it whole.
void expect_mended(const std::string& root, const Progress& progress) {
  auto store = store::Store::open(root);
  ASSERT_TRUE(store) << store.error().text;
  const auto mended = store::mend(*store);
  ASSERT_TRUE(mended) << mended.error().text;
  EXPECT_TRUE(mended->unreadable.empty());
  ASSERT_TRUE(store->database().check().ok());
  expect_segments(*store, progress);
  const auto events = store->list({}).value();
  std::vector<std::string> wanted;
  for (const store::Event& event : events) {
    for (const std::string& file : store->tree().files_of(event)) wanted.push_back(file);
    if (event.snapshot) {
      EXPECT_TRUE(is_whole_jpeg(read_file(store->tree().snapshot(event.key, event.started_at_ms))));
    }
    for (std::uint32_t part = 1; part <= event.clips; ++part)
      EXPECT_TRUE(is_whole_mp4(read_file(store->tree().clip(event.key, event.started_at_ms, part))));
    EXPECT_EQ(store::zones_text(event.visits), "door");
  }
  std::vector<std::string> there = files_below(root + "/events");
  std::sort(there.begin(), there.end()), std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(there, wanted) << "files of no event, or events without their files";
  for (std::uint64_t id = 1; id <= progress.done; ++id) {
    const auto found = store->find({"front", id}).value();
    if (id == 1 && progress.removing > 0) {
      if (progress.removing == 2) {
        EXPECT_FALSE(found) << "it was removed";
      }
      if (!found) continue;
    }
    ASSERT_TRUE(found) << "event " << id << " was done and is gone";
    EXPECT_EQ(found->state, store::EventState::kDone);
    EXPECT_TRUE(found->snapshot && found->clips == 1) << "event " << id << " has lost its files";
    if (id != kEvents || progress.marking != 1) {
      EXPECT_EQ(found->favourite, id == kEvents && progress.marking == 2) << "event " << id;
    }
  }
  EXPECT_LE(events.size(), progress.done + 1);
  EXPECT_TRUE(store::mend(*store)->nothing()) << "once was not enough";
}

TEST(Power, ACutAtEveryCallThatChangesAFileCostsTheEventInProgressAtMost) {
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  const TempFolder shm("/dev/shm");
  const auto dir = bus::BusDir::open(shm.file("bus"));
  ASSERT_TRUE(dir.ok()) << dir.error().text;
  Source source(*dir);
  source.begin(kBegan);
  source.publish(packets, 1e9);
  std::size_t calls = 0;
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("before call " + std::to_string(n));
    const TempFolder folder("/dev/shm");
    const std::string root = folder.file("storage"), after_a_cut = folder.file("cut");
    fs::create_directory(root);
    const Shared<Progress> progress;
    WriteTracer tracer([&] { return work(root, *dir, source.at_ns(0), progress); }, n);
    tracer.lay_out(root, after_a_cut);
    fs::create_directories(after_a_cut);
    // Of each state that a cut leaves, another moment of the check that follows is cut.
    const std::string mending = folder.file("mending"), mending_cut = folder.file("mending-cut");
    fs::copy(after_a_cut, mending, fs::copy_options::recursive);
    mend_until_cut(mending, mending_cut, 1 + n % kMendCalls);
    for (const std::string& left : {root, after_a_cut, mending, mending_cut}) {
      SCOPED_TRACE(left);
      expect_mended(left, *progress);
    }
    if (::testing::Test::HasFailure()) return;
    calls = tracer.calls();
    if (tracer.finished()) {
      EXPECT_EQ(tracer.exit_code(), 0) << "the child didn't do its work";
      break;
    }
  }
  std::printf("%zu calls that change a file\n", calls);
  EXPECT_GT(calls, 100u) << "recording that writes so little isn't what was meant";
}

}  // namespace
}  // namespace vedette::test
