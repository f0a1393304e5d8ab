// A storage folder of the test's own, and events to put there. Gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "store/store.h"
#include "support/program.h"

namespace vedette::store {

inline constexpr std::int64_t kNoonMs = 1'795'694'400'000;  // 2026-11-26 12:00 UTC

inline Event some_event(std::uint64_t id, const std::string& camera = "front") {
  Event event;
  event.key = {camera, id};
  event.kind = "object";
  event.rule = "intruder";
  event.label = id % 3 == 0 ? "car" : "person";
  event.text = "a person at the door";
  event.visits = {{id % 2 == 0 ? "door" : "yard", kNoonMs + static_cast<std::int64_t>(id) * 1000}};
  event.track = id;
  event.score = 0.75f;
  event.started_at_ms = kNoonMs + static_cast<std::int64_t>(id) * 1000;
  event.ended_at_ms = event.started_at_ms + 500;
  event.x = 0.1f, event.y = 0.2f, event.width = 0.3f, event.height = 0.4f;
  event.state = EventState::kDone;
  event.bytes = 1000;
  return event;
}

class StoreFixture : public ::testing::Test {
 protected:
  std::string root() const { return folder_.path(); }
  Store open() const {
    auto store = Store::open(root());
    VD_ASSERT(store.ok(), store.error().text.c_str());
    return std::move(store).value();
  }
  static void write(const std::string& path, const std::string& text = "x") {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  // With a snapshot and a clip, as a recorder leaves it.
  static Event put_with_media(Store& store, std::uint64_t id, const std::string& camera = "front") {
    Event event = some_event(id, camera);
    event.snapshot = true, event.clips = 1, event.clip_ms = 500, event.codec = "h264";
    write(store.tree().snapshot(event.key, event.started_at_ms), std::string(400, 'j'));
    write(store.tree().clip(event.key, event.started_at_ms, 1), std::string(600, 'm'));
    const auto put = store.put(event);
    EXPECT_TRUE(put.ok()) << (put.ok() ? "" : put.error().text);
    return event;
  }
  std::vector<std::string> all_files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root()))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with("events.db"))
        files.push_back(entry.path().string());
    return files;
  }

  test::TempFolder folder_{"/dev/shm"};  // where fsync costs nothing
};

}  // namespace vedette::store
