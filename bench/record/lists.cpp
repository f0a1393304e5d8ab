#include "bench/record/lists.h"

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/support/result.h"
#include "store/store.h"

namespace vedette::bench {
namespace {

constexpr std::uint64_t kEvents = 10'000;
constexpr std::int64_t kBeginMs = 1'795'694'400'000;
constexpr std::int64_t kApartMs = 20'000;
constexpr std::uint64_t kRunNs = 300'000'000;

// A storage folder in memory, gone with it.
class Folder {
 public:
  Folder() {
    if (::mkdtemp(path_.data()) == nullptr) fail("no folder in /dev/shm");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/vedette-bench-store-XXXXXX";
};

store::Event event_of(std::uint64_t number) {
  store::Event event;
  event.key = {"camera" + std::to_string(number % 4), number};
  event.kind = "object", event.rule = "intruder", event.label = number % 3 == 0 ? "car" : "person";
  event.text = "a person came to the door and stayed there";
  event.visits = {{number % 2 == 0 ? "door" : "yard", kBeginMs}};
  event.started_at_ms = kBeginMs + static_cast<std::int64_t>(number) * kApartMs;
  event.ended_at_ms = event.started_at_ms + 5000;
  event.width = event.height = 0.25f;
  event.state = store::EventState::kDone;
  event.snapshot = true, event.clips = 1, event.clip_ms = 15'000, event.codec = "h264", event.bytes = 4'000'000;
  return event;
}

store::Store filled(const std::string& folder) {
  store::Store store = must(store::Store::open(folder));
  for (std::uint64_t number = 1; number <= kEvents; ++number) must(store.put(event_of(number)));
  return store;
}

store::Filter filter() {
  store::Filter filter;
  filter.camera = "camera1", filter.label = "person";
  filter.since_ms = kBeginMs + 1000 * kApartMs;
  filter.until_ms = kBeginMs + 9000 * kApartMs;
  filter.limit = 100;
  return filter;
}

// The mean over a while; `list` gives how many events it got.
int measure(const std::function<std::size_t()>& list) {
  if (list() != filter().limit) fail("the list isn't a page long");
  std::uint64_t lists = 0;
  const std::uint64_t began = monotonic_ns();
  while (monotonic_ns() - began < kRunNs) (void)list(), ++lists;
  std::printf("{\"value\": %.6g, \"unit\": \"us\"}\n",
              static_cast<double>(monotonic_ns() - began) / 1e3 / static_cast<double>(lists));
  return 0;
}

}  // namespace

int list_by_store() {
  const Folder folder;
  const store::Store store = filled(folder.path());
  return measure([&] { return must(store.list(filter())).size(); });
}

int list_bare() {
  const Folder folder;
  (void)filled(folder.path());
  sqlite3* database = nullptr;
  sqlite3_stmt* query = nullptr;
  if (sqlite3_open_v2((folder.path() + "/events.db").c_str(), &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
    fail("no index");
  const store::Filter wanted = filter();
  const std::string sql = store::list_sql(wanted);
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &query, nullptr) != SQLITE_OK) fail(sqlite3_errmsg(database));
  sqlite3_bind_text(query, 1, wanted.camera->c_str(), -1, SQLITE_STATIC);
  sqlite3_bind_text(query, 2, wanted.label->c_str(), -1, SQLITE_STATIC);
  sqlite3_bind_int64(query, 3, *wanted.since_ms);
  sqlite3_bind_int64(query, 4, *wanted.until_ms);
  sqlite3_bind_int64(query, 5, wanted.limit);
  const int code = measure([&] {
    std::size_t rows = 0;
    while (sqlite3_step(query) == SQLITE_ROW) ++rows;
    sqlite3_reset(query);
    return rows;
  });
  sqlite3_finalize(query);
  sqlite3_close(database);
  return code;
}

}  // namespace vedette::bench
