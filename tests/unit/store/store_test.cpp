// The index and the files beside it.
#include "store/store.h"

#include <sqlite3.h>

#include "store/lock.h"
#include "store/sidecar.h"
#include "unit/store/store_fixture.h"

namespace vedette::store {
namespace {

namespace fs = std::filesystem;

TEST_F(StoreFixture, NamesTellCameraTimeAndId) {
  const Tree tree("/var/lib/vedette");
  const Event event = some_event(7);
  const std::string stem = "/var/lib/vedette/events/2026/11/26/front-120007-7";
  EXPECT_EQ(tree.sidecar(event.key, event.started_at_ms), stem + ".json");
  EXPECT_EQ(tree.clip(event.key, event.started_at_ms, 1), stem + ".mp4");
  EXPECT_EQ(tree.clip(event.key, event.started_at_ms, 3), stem + ".3.mp4");
  EXPECT_EQ(Tree::stem_of(stem + ".3.mp4.part"), stem);
  const std::string segment = tree.segment("front", kNoonMs + 25);
  EXPECT_EQ(segment, "/var/lib/vedette/recordings/front/2026/11/26/120000-025.mp4");
  ASSERT_TRUE(tree.segment_of(segment));
  EXPECT_EQ(*tree.segment_of(segment), (Segment{"front", kNoonMs + 25, 0, 0}));
  for (const char* other : {"/var/lib/vedette/recordings/front/2026/11/26/126000-025.mp4", "/var/lib/vedette/recordings/a.mp4",
                            "/var/lib/vedette/events/front/2026/11/26/120000-025.mp4", "", "/"})
    EXPECT_FALSE(tree.segment_of(other)) << other;
}

TEST_F(StoreFixture, AnEventGoesThroughItsJsonUnchanged) {
  Event event = some_event(1);
  event.text = "\"quoted\" and \xff not UTF-8";
  event.favourite = true;
  const auto back = event_from_json(to_json(event));
  ASSERT_TRUE(back) << back.error().text;
  event.text = "\"quoted\" and \xef\xbf\xbd not UTF-8";
  EXPECT_EQ(*back, event);
}

TEST_F(StoreFixture, WhatIsNoEventsJsonIsRefusedByOneSentence) {
  const std::string good = to_json(some_event(1));
  for (std::size_t cut = 0; cut < good.size() - 2; cut += 7) EXPECT_FALSE(event_from_json(good.substr(0, cut))) << cut;
  for (const char* bad : {"[]", "null", "{}", "{\"camera\": 5}"}) EXPECT_FALSE(event_from_json(bad)) << bad;
  std::string outside = good;
  outside.replace(outside.find("\"front\""), 7, "\"../../etc\"");
  const auto refused = event_from_json(outside);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("\"camera\""), std::string::npos) << refused.error().text;
}

TEST_F(StoreFixture, PutFindRemove) {
  Store store = open();
  const Event event = put_with_media(store, 4);
  const auto found = store.find(event.key);
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ(**found, event);
  EXPECT_FALSE(store.find({"front", 5}).value());
  EXPECT_EQ(all_files().size(), 3u);
  ASSERT_TRUE(store.remove(event.key));
  EXPECT_FALSE(store.find(event.key).value());
  EXPECT_TRUE(all_files().empty());
  EXPECT_TRUE(store.list({.zone = "door"}).value().empty());
  EXPECT_EQ(store.remove(event.key).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreFixture, AnEventThatGoesOnIsNotRemoved) {
  Store store = open();
  Event event = some_event(1);
  event.state = EventState::kOpen;
  ASSERT_TRUE(store.put(event));
  EXPECT_EQ(store.remove(event.key).error().code, ErrorCode::kBusy);
  EXPECT_TRUE(store.oldest(10).value().empty());
}

TEST_F(StoreFixture, AFavouriteStaysOneWhateverTheRecorderWrites) {
  Store store = open();
  Event event = some_event(1);
  ASSERT_TRUE(store.put(event));
  ASSERT_TRUE(store.set_favourite(event.key, true));
  EXPECT_TRUE(event_from_json(test::read_file(store.tree().sidecar(event.key, event.started_at_ms))).value().favourite);
  event.text = "something else";
  ASSERT_TRUE(store.put(event));
  EXPECT_TRUE(store.find(event.key).value()->favourite);
  EXPECT_TRUE(store.oldest(10).value().empty()) << "a favourite isn't removed for room";
  ASSERT_TRUE(store.set_favourite(event.key, false));
  EXPECT_EQ(store.oldest(10).value().size(), 1u);
  EXPECT_EQ(store.set_favourite({"front", 99}, true).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreFixture, AReaderSeesWhatAnotherWritesAndWritesNothing) {
  EXPECT_EQ(Store::open_to_read(root()).error().code, ErrorCode::kNotFound);
  Store store = open();
  auto reader = Store::open_to_read(root());
  ASSERT_TRUE(reader) << reader.error().text;
  ASSERT_TRUE(store.put(some_event(1)));
  EXPECT_EQ(reader->list({}).value().size(), 1u);
  EXPECT_FALSE(reader->put(some_event(2)));
  EXPECT_EQ(store.list({}).value().size(), 1u);
}

TEST_F(StoreFixture, AnIndexThatIsBeingMadeIsNotThereYet) {
  ASSERT_TRUE(Database::open(Tree(root()).database(), Database::Access::kWrite));
  EXPECT_EQ(Store::open_to_read(root()).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(Store::open(root()));
  EXPECT_TRUE(Store::open_to_read(root()));
}

TEST_F(StoreFixture, AnIndexOfANewerProgramIsRefusedWithBothNumbers) {
  (void)open();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((root() + "/events.db").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version = 9", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const auto refused = Store::open(root());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIncompatible);
  EXPECT_NE(refused.error().text.find("version 9"), std::string::npos) << refused.error().text;
  EXPECT_NE(refused.error().text.find("expected 1"), std::string::npos) << refused.error().text;
}

TEST_F(StoreFixture, CommitsReachTheDiskBeforeTheyReturn) {
  const Store store = open();
  EXPECT_EQ(store.database().number("PRAGMA synchronous").value(), 2);  // FULL
  EXPECT_EQ(store.database().number("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'").value(), 1);
}

TEST_F(StoreFixture, SegmentsAreListedOldestFirst) {
  Store store = open();
  for (const std::int64_t at : {3000, 1000, 2000}) {
    const Segment segment{"front", kNoonMs + at, kNoonMs + at + 1000, 10};
    write(store.tree().segment("front", segment.started_at_ms));
    ASSERT_TRUE(store.put(segment));
  }
  ASSERT_TRUE(store.put(Segment{"rear", kNoonMs, kNoonMs + 1, 5}));
  const auto front = store.segments("front", 10).value();
  ASSERT_EQ(front.size(), 3u);
  EXPECT_EQ(front[0].started_at_ms, kNoonMs + 1000);
  EXPECT_EQ(store.segment_bytes().value(), 35u);
  ASSERT_TRUE(store.remove(front[0]));
  EXPECT_FALSE(fs::exists(store.tree().segment("front", front[0].started_at_ms)));
  EXPECT_EQ(store.segments("", 10).value().size(), 3u);
}

TEST_F(StoreFixture, WhatWasRemovedIsRememberedFarLongerThanATopicTellsOfIt) {
  Store store = open();
  put_with_media(store, 7);
  EXPECT_FALSE(store.was_removed({"front", 7}).value());
  ASSERT_TRUE(store.remove(EventKey{"front", 7}));
  EXPECT_TRUE(store.was_removed({"front", 7}).value());
  EXPECT_FALSE(store.was_removed({"yard", 7}).value());
  for (std::uint64_t id = 100; id < 1200; ++id) {
    ASSERT_TRUE(store.put(some_event(id)));
    ASSERT_TRUE(store.remove(EventKey{"front", id}));
  }
  EXPECT_TRUE(open().was_removed({"front", 1199 - 256}).value());
  EXPECT_EQ(store.database().number("SELECT count(*) FROM removed_events").value(), 1000);
}

TEST_F(StoreFixture, FavouritesDoNotCountTowardsWhatEventsTake) {
  Store store = open(), other = open();
  for (std::uint64_t id = 1; id <= 3; ++id) put_with_media(store, id);
  EXPECT_EQ(store.event_bytes().value(), 3000u);
  ASSERT_TRUE(other.set_favourite({"front", 2}, true));
  EXPECT_EQ(store.event_bytes().value(), 2000u);
  ASSERT_TRUE(store.remove(EventKey{"front", 1}));
  EXPECT_EQ(store.event_bytes().value(), 1000u);
  EXPECT_EQ(other.event_bytes().value(), 1000u);
}

TEST_F(StoreFixture, AnInterruptedEventsJsonSaysThatItIsAFavourite) {
  Store store = open();
  Event event = some_event(1);
  event.state = EventState::kInterrupted;
  event.codec = "mjpeg";
  ASSERT_TRUE(store.put(event));
  EXPECT_EQ(store.clips_of("mjpeg").value().size(), 1u);
  ASSERT_TRUE(store.set_favourite(event.key, true));
  const auto json = event_from_json(test::read_file(store.tree().sidecar(event.key, event.started_at_ms)));
  ASSERT_TRUE(json);
  EXPECT_TRUE(json->favourite);
}

TEST_F(StoreFixture, OneRecorderForEachFolder) {
  auto lock = lock_for_recording(root());
  ASSERT_TRUE(lock) << lock.error().text;
  const auto second = lock_for_recording(root());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_NE(second.error().text.find(root() + "/record.lock: process " + std::to_string(::getpid()) + " "), std::string::npos)
      << second.error().text;
  lock->reset();
  EXPECT_TRUE(lock_for_recording(root()));
}

}  // namespace
}  // namespace vedette::store
