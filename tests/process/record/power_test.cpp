// A kill, and a power cut, at every single call that changes a file, while events are recorded and removed: at most the one in
// progress is lost, and the start-up check leaves no trace of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "store/mend.h"
#include "store/store.h"
#include "support/program.h"
#include "support/shared.h"
#include "support/write_tracer.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEvents = 3;
constexpr std::int64_t kNoonMs = 1'795'694'400'000;
const std::string kPicture(3000, 'j'), kClip(9000, 'm');

// What the child has come to: events that are done, and whether the first one is removed.
struct Progress {
  std::atomic<std::uint64_t> done{0};
  std::atomic<int> removing{0};  // 1: begun, 2: done
};

store::Event event_of(std::uint64_t id) {
  store::Event event;
  event.key = {"front", id};
  event.kind = "object", event.label = "person";
  event.visits = {{"door", kNoonMs}};
  event.started_at_ms = kNoonMs + static_cast<std::int64_t>(id) * 1000;
  return event;
}

// As a recorder does it: the event, its picture, its clip, the event as it is then.
bool record(store::Store& store, std::uint64_t id) {
  store::Event event = event_of(id);
  if (!store.put(event)) return false;
  if (!store::write_durably(store.tree().snapshot(event.key, event.started_at_ms), kPicture)) return false;
  event.snapshot = true;
  if (!store.put(event)) return false;
  const std::string clip = store.tree().clip(event.key, event.started_at_ms, 1);
  std::ofstream(clip + ".part", std::ios::binary) << kClip;
  if (!store::settle(clip)) return false;
  event.clips = 1, event.codec = "h264", event.ended_at_ms = event.started_at_ms + 500;
  event.state = store::EventState::kDone;
  return store.put(event).ok();
}

int work(const std::string& root, const Shared<Progress>& progress) {
  auto store = store::Store::open(root);
  if (!store || !store::mend(*store)) return 1;
  for (std::uint64_t id = 1; id <= kEvents; ++id) {
    if (!record(*store, id)) return 2;
    progress->done = id;
  }
  progress->removing = 1;
  if (!store->remove(store::EventKey{"front", 1})) return 3;
  progress->removing = 2;
  return 0;
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  return files;
}

// Whatever the storage folder is after the cut: the next recorder finds all that was done, and all of it whole.
void expect_mended(const std::string& root, const Progress& progress) {
  auto store = store::Store::open(root);
  ASSERT_TRUE(store) << store.error().text;
  const auto mended = store::mend(*store);
  ASSERT_TRUE(mended) << mended.error().text;
  EXPECT_TRUE(mended->unreadable.empty());
  ASSERT_TRUE(store->database().check().ok());
  const auto events = store->list({}).value();
  std::vector<std::string> wanted;
  for (const store::Event& event : events) {
    for (const std::string& file : store->tree().files_of(event)) wanted.push_back(file);
    if (event.snapshot) {
      EXPECT_EQ(read_file(store->tree().snapshot(event.key, event.started_at_ms)), kPicture);
    }
    if (event.clips > 0) {
      EXPECT_EQ(read_file(store->tree().clip(event.key, event.started_at_ms, 1)), kClip);
    }
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
  }
  EXPECT_LE(events.size(), progress.done + 1);
  EXPECT_TRUE(store::mend(*store)->nothing()) << "once was not enough";
}

TEST(Power, ACutAtEveryCallThatChangesAFileCostsTheEventInProgressAtMost) {
  std::size_t calls = 0;
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("before call " + std::to_string(n));
    const TempFolder folder("/dev/shm");
    const std::string root = folder.file("storage"), after_a_cut = folder.file("cut");
    fs::create_directory(root);
    const Shared<Progress> progress;
    const WriteTracer tracer([&] { return work(root, progress); }, n);
    tracer.lay_out(root, after_a_cut);
    fs::create_directories(after_a_cut);
    expect_mended(root, *progress);
    expect_mended(after_a_cut, *progress);
    if (::testing::Test::HasFailure()) return;
    calls = tracer.calls();
    if (tracer.finished()) break;
  }
  std::printf("%zu calls that change a file\n", calls);
  EXPECT_GT(calls, 100u) << "recording that writes so little isn't what was meant";
}

}  // namespace
}  // namespace vedette::test
