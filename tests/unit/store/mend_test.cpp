// The start-up check: whatever files and index have become, afterwards they are of one mind.
#include "store/mend.h"

#include <filesystem>

#include "unit/store/store_fixture.h"

namespace vedette::store {
namespace {

namespace fs = std::filesystem;

class Mend : public StoreFixture {
 protected:
  static Mended mended(Store& store) {
    auto done = mend(store);
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().text);
    return done.ok() ? *done : Mended{};
  }
};

TEST_F(Mend, WhereAllIsWellNothingChanges) {
  Store store = open();
  for (std::uint64_t id = 1; id <= 5; ++id) put_with_media(store, id);
  const auto before = store.list({}).value();
  EXPECT_TRUE(mended(store).nothing());
  EXPECT_EQ(store.list({}).value(), before);
  EXPECT_EQ(all_files().size(), 15u);
}

TEST_F(Mend, WhatIsNotWholeAndWhatBelongsToNoEventGoes) {
  Store store = open();
  const Event event = put_with_media(store, 1);
  write(store.tree().clip(event.key, event.started_at_ms, 2) + ".part");
  write(store.tree().snapshot({"front", 9}, kNoonMs));
  write(store.tree().segment("front", kNoonMs) + ".part");
  const Mended report = mended(store);
  EXPECT_EQ(report.parts, 2u);
  EXPECT_EQ(report.orphans, 1u);
  EXPECT_EQ(all_files().size(), 3u);
}

TEST_F(Mend, FilesThatAreNotOursStay) {
  Store store = open();
  const std::vector<std::string> foreign{"/events/notes.txt",
                                         "/events/holiday.mp4.part",
                                         "/events/2026/11/26/notes.json",
                                         "/events/2026/11/26/front-120000-77.doc",
                                         "/events/2026/11/26/front-120000-77.1.mp4",
                                         "/events/2026/11/27/front-120000.jpg",
                                         "/events/2026/11/26/old/front-120000-77.jpg",
                                         "/recordings/front/2026/11/26/other.mp4.part",
                                         "/recordings/readme"};
  for (const std::string& path : foreign) write(root() + path);
  for (const char* ours : {".mp4", ".3.mp4", ".crop.jpg", ".json.part"})
    write(root() + "/events/2026/11/26/front-120000-77" + ours);
  const Mended report = mended(store);
  EXPECT_EQ(report.orphans, 3u);
  EXPECT_EQ(report.parts, 1u);
  EXPECT_TRUE(report.unreadable.empty());
  EXPECT_EQ(all_files().size(), foreign.size());
}

TEST_F(Mend, AFolderThatCannotBeListedCostsNothing) {
  Store store = open();
  ASSERT_TRUE(store.put(Segment{"front", kNoonMs, kNoonMs + 1, 1}));
  write(root() + "/recordings", "no folder");
  const auto done = mend(store);
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().text.find(root() + "/recordings"), std::string::npos) << done.error().text;
  EXPECT_EQ(store.segments("", 5).value().size(), 1u);
}

TEST_F(Mend, AJsonThatCannotBeReadIsLeftAloneToo) {
  Store store = open();
  const std::string json = root() + "/events/2026/11/26/front-120000-77.json";
  fs::create_directories(fs::path(json).parent_path());
  fs::create_symlink("/proc/self/mem", json);  // a file that gives an error when it is read
  put_with_media(store, 1);
  EXPECT_EQ(mended(store).unreadable, std::vector<std::string>{json});
}

TEST_F(Mend, WholeFilesWithoutARowGetOne) {
  std::vector<Event> before;
  {
    Store store = open();
    for (std::uint64_t id = 1; id <= 3; ++id) put_with_media(store, id);
    ASSERT_TRUE(store.set_favourite({"front", 2}, true));
    before = store.list({}).value();
  }
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(root() + "/events.db" + suffix);
  write(Tree(root()).segment("front", kNoonMs), "segment");
  Store store = open();
  EXPECT_EQ(mended(store).added, 4u);
  EXPECT_EQ(store.list({}).value().size(), 3u);
  EXPECT_TRUE(store.find({"front", 2}).value()->favourite);
  EXPECT_EQ(store.segments("front", 5).value().at(0).bytes, 7u);
  // All of an event is in its files; how large they are was looked at.
  auto after = store.list({}).value();
  for (std::size_t i = 0; i < after.size(); ++i) after[i].bytes = before[i].bytes;
  EXPECT_EQ(after, before);
}

TEST_F(Mend, RowsWithoutFilesGo) {
  Store store = open();
  const Event event = put_with_media(store, 1);
  put_with_media(store, 2);
  ASSERT_TRUE(store.put(Segment{"front", kNoonMs, kNoonMs + 1, 1}));
  fs::remove(store.tree().sidecar(event.key, event.started_at_ms));
  const Mended report = mended(store);
  EXPECT_EQ(report.dropped, 2u);
  EXPECT_EQ(report.orphans, 2u) << "the media that a removal hadn't come to yet";
  EXPECT_EQ(store.list({}).value().size(), 1u);
  EXPECT_TRUE(store.segments("", 5).value().empty());
}

TEST_F(Mend, AnEventThatLostItsClipSaysSo) {
  Store store = open();
  const Event event = put_with_media(store, 1);
  fs::remove(store.tree().clip(event.key, event.started_at_ms, 1));
  EXPECT_EQ(mended(store).corrected, 1u);
  EXPECT_EQ(store.find(event.key).value()->clips, 0u);
  EXPECT_TRUE(store.find(event.key).value()->snapshot);
  EXPECT_TRUE(mended(store).nothing());
}

TEST_F(Mend, AnEventInProgressIsInterrupted) {
  Store store = open();
  Event event = some_event(1);
  event.state = EventState::kOpen;
  event.ended_at_ms = 0;
  ASSERT_TRUE(store.put(event));
  EXPECT_EQ(mended(store).interrupted, 1u);
  EXPECT_EQ(store.find(event.key).value()->state, EventState::kInterrupted);
  EXPECT_EQ(store.find(event.key).value()->ended_at_ms, event.started_at_ms);
}

TEST_F(Mend, AJsonThatIsNoneIsLeftAloneWithItsMedia) {
  Store store = open();
  const std::string stem = root() + "/events/2026/11/26/front-120000-77";
  write(stem + ".json", "{ torn");
  write(stem + ".mp4");
  const Mended report = mended(store);
  EXPECT_EQ(report.unreadable, std::vector<std::string>{stem + ".json"});
  EXPECT_TRUE(fs::exists(stem + ".mp4"));
  EXPECT_TRUE(store.list({}).value().empty());
}

TEST_F(Mend, ADamagedIndexIsPutAsideAndMadeAnew) {
  {
    Store store = open();
    for (std::uint64_t id = 1; id <= 200; ++id) put_with_media(store, id);
  }
  {  // A page in the middle of the file.
    std::fstream file(root() + "/events.db", std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 12; ++page) {
      file.seekp(page * 4096);
      file << std::string(4096, '\x5a');
    }
  }
  Store store = open();
  ASSERT_TRUE(store.put_aside());
  EXPECT_TRUE(fs::exists(*store.put_aside()));
  EXPECT_EQ(mended(store).added, 200u);
  EXPECT_EQ(store.list({.limit = 1000}).value().size(), 200u);
}

TEST_F(Mend, AFileThatIsNoDatabaseIsPutAside) {
  write(root() + "/events.db", std::string(5000, 'n'));
  Store store = open();
  EXPECT_TRUE(store.put_aside());
  EXPECT_TRUE(store.list({}).value().empty());
}

}  // namespace
}  // namespace vedette::store
