// Store: the index of events and recordings, `<storage>/events.db`, and what keeps it and the files beside it of one mind.
//
// An event is there as long as its .json is (store/tree.h): put() writes that first and the row second, remove() takes it away
// first and the row last; what dies in between is mended by mend() (store/mend.h) before the next recorder begins. One process
// records; the gateway and people's commands read, mark favourites and remove beside it. Thread-safe: calls wait for each other;
// another process's transaction is waited for up to five seconds (kBusy).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/event.h"
#include "store/tree.h"

namespace vedette::store {

// Where a list goes on: behind the event with this time and key.
struct Cursor {
  std::int64_t started_at_ms = 0;
  EventKey key;
};

// What is empty doesn't matter.
struct Filter {
  std::optional<std::string> camera;
  std::vector<std::string> cameras;  // of one of these alone; empty: of all
  std::optional<std::string> label;
  std::optional<std::string> zone;  // that it was in at any time
  std::optional<std::int64_t> since_ms;
  std::optional<std::int64_t> until_ms;  // begun before it
  bool favourites = false;               // these alone
  std::optional<Cursor> before;
  std::uint32_t limit = 100;
};

// The query behind list(): its parameters in the order of Filter's members, the limit last. Pure.
std::string list_sql(const Filter& filter);

class Store {
 public:
  // Creates folder and index where they are missing. A damaged index is put aside under another name (`put_aside()`) and begun
  // anew: mend() fills it from the files. kIncompatible, with both numbers, for one that a newer program made.
  static Result<Store> open(const std::string& root);
  // Of one that is there: only find(), list(), segments() and totals; kNotFound if it isn't (yet).
  static Result<Store> open_to_read(const std::string& root);
  // Beside a recorder, to mark or remove: as open_to_read(), but it may write.
  static Result<Store> open_to_change(const std::string& root);

  const Tree& tree() const { return tree_; }
  const std::optional<std::string>& put_aside() const { return put_aside_; }

  // Newest first. Of `visits` only the zones are known.
  Result<std::vector<Event>> list(const Filter& filter) const;
  // All that is known of it, from its .json; the row's if that can't be read. None: there is no such event.
  Result<std::optional<Event>> find(const EventKey& key) const;

  // Writes the event's .json and its row, new or over the old one; whether it is a favourite stays as it was.
  Result<> put(Event event);
  // kNotFound if there is no such event.
  Result<> set_favourite(const EventKey& key, bool favourite);
  // With all its files. kBusy while it goes on.
  Result<> remove(const EventKey& key);
  // It was there and is no more: <cam>/events may still tell of it. Of the last thousand of a camera that is known.
  Result<bool> was_removed(const EventKey& key) const;
  // Of events that are over or interrupted, those whose clip is of that codec.
  Result<std::vector<Event>> clips_of(const std::string& codec) const;
  // The event's clips have become files of another codec, under the same names. kNotFound: it was removed meanwhile.
  Result<> clips_are(const EventKey& key, const std::string& codec);
  // Of events that are over and no favourites, the oldest, at most so many.
  Result<std::vector<Event>> oldest(std::uint32_t limit) const;
  // Of all but favourites. Summed up only after a change.
  Result<std::uint64_t> event_bytes() const;

  Result<> put(const Segment& segment);
  Result<> remove(const Segment& segment);
  // Oldest first; `camera` empty: of all.
  Result<std::vector<Segment>> segments(const std::string& camera, std::uint32_t limit) const;
  Result<std::uint64_t> segment_bytes() const;

  const Database& database() const { return database_; }

 private:
  friend class Mender;
  Store(Tree tree, Database database) : tree_(std::move(tree)), database_(std::move(database)) {}
  static Result<Store> open_index(const std::string& root);
  static Result<Store> open_existing(const std::string& root, Database::Access access);
  Result<Statement*> statement(const std::string& sql) const;
  Result<std::optional<Event>> row(const EventKey& key) const;
  Result<> put_row(const Event& event);
  Result<> drop_row(const EventKey& key);
  Result<> put_whole(Event event);  // the row's event: its .json, then the row
  Result<> drop_row(const Segment& segment);
  Result<std::vector<Event>> rows(const std::string& sql) const;
  // As of which state of the index, which others change too.
  struct Sum {
    std::int64_t version = -1, changes = -1;
    std::uint64_t bytes = 0;
  };
  Result<std::uint64_t> sum(const char* sql, Sum& known) const;

  Tree tree_;
  Database database_;
  mutable std::map<std::string, Statement> statements_;
  mutable Sum event_sum_, segment_sum_;
  std::optional<std::string> put_aside_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

}  // namespace vedette::store
