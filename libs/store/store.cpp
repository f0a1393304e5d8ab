#include "store/store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "base/file.h"
#include "store/schema.h"
#include "store/sidecar.h"

namespace vedette::store {
namespace {

constexpr std::uint32_t kMostReserved = 1000;  // of a list: what is longer grows
constexpr std::int64_t kRemovedKept = 1000;    // of a camera; its topic has 256 records

std::vector<ZoneVisit> visits_of(std::string_view zones) {
  std::vector<ZoneVisit> visits;
  while (!zones.empty()) {
    const std::size_t comma = zones.find(',');
    visits.push_back({std::string(zones.substr(0, comma)), 0});
    zones.remove_prefix(comma == std::string_view::npos ? zones.size() : comma + 1);
  }
  return visits;
}

Event event_of(const Statement& row) {
  Event event;
  event.key = {std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1))};
  event.kind = row.text(2);
  event.rule = row.text(3);
  event.label = row.text(4);
  event.text = row.text(5);
  event.visits = visits_of(row.text(6));
  event.track = static_cast<std::uint64_t>(row.integer(7));
  event.score = static_cast<float>(row.real(8));
  event.started_at_ms = row.integer(9);
  event.ended_at_ms = row.integer(10);
  event.x = static_cast<float>(row.real(11));
  event.y = static_cast<float>(row.real(12));
  event.width = static_cast<float>(row.real(13));
  event.height = static_cast<float>(row.real(14));
  event.state = static_cast<EventState>(row.integer(15));
  event.favourite = row.integer(16) != 0;
  event.snapshot = row.integer(17) != 0;
  event.clips = static_cast<std::uint32_t>(row.integer(18));
  event.clip_ms = row.integer(19);
  event.codec = row.text(20);
  event.bytes = static_cast<std::uint64_t>(row.integer(21));
  event.until_at_ns = static_cast<std::uint64_t>(row.integer(22));
  return event;
}

void bind(Statement& statement, const Event& event) {
  statement.bind(1, event.key.camera).bind(2, static_cast<std::int64_t>(event.key.id));
  statement.bind(3, event.kind).bind(4, event.rule).bind(5, event.label).bind(6, event.text).bind(7, zones_text(event.visits));
  statement.bind(8, static_cast<std::int64_t>(event.track)).bind(9, static_cast<double>(event.score));
  statement.bind(10, event.started_at_ms).bind(11, event.ended_at_ms);
  statement.bind(12, static_cast<double>(event.x)).bind(13, static_cast<double>(event.y));
  statement.bind(14, static_cast<double>(event.width)).bind(15, static_cast<double>(event.height));
  statement.bind(16, static_cast<std::int64_t>(event.state)).bind(17, std::int64_t{event.favourite});
  statement.bind(18, std::int64_t{event.snapshot}).bind(19, std::int64_t{event.clips}).bind(20, event.clip_ms);
  statement.bind(21, event.codec).bind(22, static_cast<std::int64_t>(event.bytes));
  statement.bind(23, static_cast<std::int64_t>(event.until_at_ns));
}

Result<> migrate(const Database& database, const std::string& path) {
  VD_ASSIGN(const std::int64_t version, database.number("PRAGMA user_version"));
  if (version == kVersion) return {};
  if (version != 0)
    return Error{ErrorCode::kIncompatible, path + ": version " + std::to_string(version) + " of the index; expected " +
                                               std::to_string(kVersion) + ": a newer program made it"};
  VD_ASSIGN(Transaction transaction, Transaction::begin(database));
  VD_ASSIGN(const std::int64_t again, database.number("PRAGMA user_version"));  // somebody else may have been quicker
  if (again == 0) VD_TRY(database.execute(kTablesOfVersion1));
  return transaction.commit();
}

Error no_such_event(const EventKey& key) {
  return Error{ErrorCode::kNotFound, "no event " + key.camera + "/" + std::to_string(key.id)};
}

}  // namespace

std::string list_sql(const Filter& filter) {
  // The table whose order the list has: that of zones brings its events along one by one.
  const std::string first = filter.zone ? "z." : "e.";
  std::string columns = "e." + kEventColumns;
  for (std::size_t at = 0; (at = columns.find(", ", at)) != std::string::npos; at += 4) columns.replace(at, 2, ", e.");
  const std::string index = filter.favourites ? "favourite_events"
                            : filter.camera   ? "events_by_camera"
                            : filter.label    ? "events_by_label"
                                              : "events_by_time";
  std::string sql = "SELECT " + columns + " FROM ";
  sql +=
      filter.zone ? "event_zones z CROSS JOIN events e ON e.camera = z.camera AND e.id = z.id" : "events e INDEXED BY " + index;
  std::string where;
  const auto add = [&](const std::string& condition) { where += (where.empty() ? " WHERE " : " AND ") + condition; };
  if (filter.camera) add(first + "camera = ?");
  if (!filter.cameras.empty()) {
    std::string marks = "?";
    for (std::size_t more = 1; more < filter.cameras.size(); ++more) marks += ", ?";
    add(first + "camera IN (" + marks + ")");
  }
  if (filter.label) add("e.label = ?");
  if (filter.zone) add("z.zone = ?");
  if (filter.since_ms) add(first + "started_at >= ?");
  if (filter.until_ms) add(first + "started_at < ?");
  if (filter.favourites) add("e.favourite = 1");
  if (filter.before) add("(" + first + "started_at, " + first + "id, " + first + "camera) < (?, ?, ?)");
  return sql + where + " ORDER BY " + first + "started_at DESC, " + first + "id DESC, " + first + "camera DESC LIMIT ?";
}

Result<Store> Store::open_index(const std::string& root) {
  Tree tree(root);
  VD_ASSIGN(Database database, Database::open(tree.database(), Database::Access::kWrite));
  VD_TRY(database.check());
  VD_TRY(migrate(database, tree.database()));
  return Store(std::move(tree), std::move(database));
}

Result<Store> Store::open(const std::string& root) {
  const std::string path = Tree(root).database();
  VD_TRY(make_folder_for(path));
  Result<Store> store = open_index(root);
  if (store || store.error().code != ErrorCode::kCorrupt) return store;
  const std::string aside = path + ".damaged-" + std::to_string(wall_ns() / 1'000'000'000);
  for (const char* suffix : {"", "-wal", "-shm"})
    if (std::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) return errno_error(path + suffix);
  store = open_index(root);
  if (store) store->put_aside_ = aside;
  return store;
}

Result<Store> Store::open_to_read(const std::string& root) { return open_existing(root, Database::Access::kRead); }
Result<Store> Store::open_to_change(const std::string& root) { return open_existing(root, Database::Access::kWrite); }

Result<Store> Store::open_existing(const std::string& root, Database::Access access) {
  Tree tree(root);
  if (::access(tree.database().c_str(), F_OK) != 0)
    return Error{ErrorCode::kNotFound, tree.database() + ": there is none; nothing was recorded below storage.dir yet"};
  VD_ASSIGN(Database database, Database::open(tree.database(), access));
  VD_ASSIGN(const std::int64_t version, database.number("PRAGMA user_version"));
  if (version == 0) return Error{ErrorCode::kNotFound, tree.database() + ": it is being made; nothing was recorded yet"};
  if (version != kVersion)
    return Error{ErrorCode::kIncompatible, tree.database() + ": version " + std::to_string(version) + " of the index; expected " +
                                               std::to_string(kVersion)};
  return Store(std::move(tree), std::move(database));
}

Result<Statement*> Store::statement(const std::string& sql) const {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return &known->second;
  VD_ASSIGN(Statement prepared, database_.prepare(sql));
  return &statements_.emplace(sql, std::move(prepared)).first->second;
}

Result<std::vector<Event>> Store::list(const Filter& filter) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Statement * query, statement(list_sql(filter)));
  int parameter = 0;
  if (filter.camera) query->bind(++parameter, std::string_view(*filter.camera));
  for (const std::string& camera : filter.cameras) query->bind(++parameter, std::string_view(camera));
  for (const auto& text : {&filter.label, &filter.zone})
    if (*text) query->bind(++parameter, std::string_view(**text));
  for (const auto& time : {&filter.since_ms, &filter.until_ms})
    if (*time) query->bind(++parameter, **time);
  if (filter.before) {
    query->bind(parameter + 1, filter.before->started_at_ms);
    query->bind(parameter + 2, static_cast<std::int64_t>(filter.before->key.id));
    query->bind(parameter + 3, std::string_view(filter.before->key.camera));
    parameter += 3;
  }
  query->bind(parameter + 1, std::int64_t{filter.limit});
  std::vector<Event> events;
  events.reserve(std::min(filter.limit, kMostReserved));
  for (;;) {
    VD_ASSIGN(const bool more, query->step());
    if (!more) return events;
    events.push_back(event_of(*query));
  }
}

Result<std::optional<Event>> Store::row(const EventKey& key) const {
  VD_ASSIGN(Statement * query, statement("SELECT " + kEventColumns + " FROM events WHERE camera = ? AND id = ?"));
  query->bind(1, std::string_view(key.camera)).bind(2, static_cast<std::int64_t>(key.id));
  VD_ASSIGN(const bool found, query->step());
  if (!found) return std::optional<Event>();
  std::optional<Event> event = event_of(*query);
  VD_TRY(query->run());
  return event;
}

Result<std::optional<Event>> Store::find(const EventKey& key) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(std::optional<Event> event, row(key));
  if (!event) return event;
  const auto text = read_file(tree_.sidecar(key, event->started_at_ms));
  if (!text) return event;
  auto whole = event_from_json(*text);
  if (whole) event->visits = std::move(whole->visits);
  return event;
}

Result<> Store::put_row(const Event& event) {
  std::string marks = "?";
  for (int i = 1; i < kEventColumnCount; ++i) marks += ", ?";
  VD_ASSIGN(Statement * insert, statement("INSERT OR REPLACE INTO events(" + kEventColumns + ") VALUES(" + marks + ")"));
  bind(*insert, event);
  VD_TRY(insert->run());
  VD_ASSIGN(Statement * zone, statement("INSERT OR IGNORE INTO event_zones(zone, started_at, id, camera) VALUES(?, ?, ?, ?)"));
  for (const ZoneVisit& visit : event.visits) {
    zone->bind(1, std::string_view(visit.zone)).bind(2, event.started_at_ms);
    zone->bind(3, static_cast<std::int64_t>(event.key.id)).bind(4, std::string_view(event.key.camera));
    VD_TRY(zone->run());
  }
  return {};
}

Result<> Store::drop_row(const EventKey& key) {
  VD_ASSIGN(const std::optional<Event> event, row(key));
  if (!event) return {};
  VD_ASSIGN(Statement * zone, statement("DELETE FROM event_zones WHERE zone = ? AND started_at = ? AND id = ? AND camera = ?"));
  for (const ZoneVisit& visit : event->visits) {
    zone->bind(1, std::string_view(visit.zone)).bind(2, event->started_at_ms);
    zone->bind(3, static_cast<std::int64_t>(key.id)).bind(4, std::string_view(key.camera));
    VD_TRY(zone->run());
  }
  VD_ASSIGN(Statement * drop, statement("DELETE FROM events WHERE camera = ? AND id = ?"));
  drop->bind(1, std::string_view(key.camera)).bind(2, static_cast<std::int64_t>(key.id));
  VD_TRY(drop->run());
  VD_ASSIGN(Statement * removed, statement("INSERT OR IGNORE INTO removed_events(camera, id) VALUES(?, ?)"));
  removed->bind(1, std::string_view(key.camera)).bind(2, static_cast<std::int64_t>(key.id));
  VD_TRY(removed->run());
  VD_ASSIGN(Statement * forget, statement("DELETE FROM removed_events WHERE camera = ?1 AND id <= (SELECT id FROM removed_events "
                                          "WHERE camera = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"));
  forget->bind(1, std::string_view(key.camera)).bind(2, kRemovedKept);
  return forget->run();
}

Result<bool> Store::was_removed(const EventKey& key) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Statement * query, statement("SELECT count(*) FROM removed_events WHERE camera = ? AND id = ?"));
  query->bind(1, std::string_view(key.camera)).bind(2, static_cast<std::int64_t>(key.id));
  VD_TRY(query->step());
  const bool removed = query->integer(0) > 0;
  VD_TRY(query->run());
  return removed;
}

Result<> Store::put(Event event) {
  std::unique_lock lock(*mutex_);
  VD_ASSIGN(std::optional<Event> before, row(event.key));
  for (;;) {
    if (before) event.favourite = before->favourite;
    lock.unlock();  // nobody waits for the disk
    VD_TRY(write_durably(tree_.sidecar(event.key, event.started_at_ms), to_json(event)));
    lock.lock();
    VD_ASSIGN(Transaction transaction, Transaction::begin(database_));
    VD_ASSIGN(before, row(event.key));
    if (before && before->favourite != event.favourite) continue;  // it was marked meanwhile: the .json says so too
    VD_TRY(put_row(event));
    return transaction.commit();
  }
}

Result<> Store::set_favourite(const EventKey& key, bool favourite) {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Transaction transaction, Transaction::begin(database_));
  VD_ASSIGN(std::optional<Event> event, row(key));
  if (!event) return no_such_event(key);
  event->favourite = favourite;
  // Of an event that goes on the recorder writes the .json, with what the row says.
  VD_TRY(event->state == EventState::kOpen ? put_row(*event) : put_whole(*event));
  return transaction.commit();
}

Result<> Store::put_whole(Event event) {
  const std::string path = tree_.sidecar(event.key, event.started_at_ms);
  if (const auto text = read_file(path); text)
    if (auto read = event_from_json(*text); read) event.visits = std::move(read->visits);
  VD_TRY(write_durably(path, to_json(event)));
  return put_row(event);
}

Result<> Store::clips_are(const EventKey& key, const std::string& codec) {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Transaction transaction, Transaction::begin(database_));
  VD_ASSIGN(std::optional<Event> event, row(key));
  if (!event) return no_such_event(key);
  event->codec = codec;
  event->bytes = 0;
  for (const std::string& path : tree_.files_of(*event)) event->bytes += file_bytes(path);
  VD_TRY(put_whole(*event));
  return transaction.commit();
}

Result<> Store::remove(const EventKey& key) {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Transaction transaction, Transaction::begin(database_));
  VD_ASSIGN(const std::optional<Event> event, row(key));
  if (!event) return no_such_event(key);
  if (event->state == EventState::kOpen)
    return Error{ErrorCode::kBusy, "event " + key.camera + "/" + std::to_string(key.id) + " goes on; expected one that is over"};
  const std::string json = tree_.sidecar(key, event->started_at_ms);
  VD_TRY(remove_file(json));
  if (::access(Tree::stem_of(json).substr(0, json.rfind('/')).c_str(), F_OK) == 0) {
    VD_TRY(sync_folder_of(json));
    for (const std::string& path : tree_.files_of(*event)) VD_TRY(remove_file(path));
    VD_TRY(sync_folder_of(json));
  }
  VD_TRY(drop_row(key));
  return transaction.commit();
}

Result<std::vector<Event>> Store::rows(const std::string& sql) const {
  VD_ASSIGN(Statement query, database_.prepare(sql));
  std::vector<Event> events;
  for (;;) {
    VD_ASSIGN(const bool more, query.step());
    if (!more) return events;
    events.push_back(event_of(query));
  }
}

Result<std::vector<Event>> Store::oldest(std::uint32_t limit) const {
  const std::scoped_lock lock(*mutex_);
  return rows("SELECT " + kEventColumns + " FROM events INDEXED BY events_by_time WHERE favourite = 0 AND state <> 0 " +
              "ORDER BY started_at, id, camera LIMIT " + std::to_string(limit));
}

Result<std::vector<Event>> Store::clips_of(const std::string& codec) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Statement * query, statement("SELECT " + kEventColumns + " FROM events WHERE codec = ? AND state <> 0"));
  query->bind(1, std::string_view(codec));
  std::vector<Event> events;
  for (;;) {
    VD_ASSIGN(const bool more, query->step());
    if (!more) return events;
    events.push_back(event_of(*query));
  }
}

Result<std::uint64_t> Store::event_bytes() const {
  return sum("SELECT sum(bytes) FROM events INDEXED BY event_bytes WHERE favourite = 0", event_sum_);
}

Result<std::uint64_t> Store::sum(const char* sql, Sum& known) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(const std::int64_t version, database_.number("PRAGMA data_version"));     // of other connections' changes
  VD_ASSIGN(const std::int64_t changes, database_.number("SELECT total_changes()"));  // ours
  if (version == known.version && changes == known.changes) return known.bytes;
  VD_ASSIGN(const std::int64_t bytes, database_.number(sql));
  known = {version, changes, static_cast<std::uint64_t>(bytes)};
  return known.bytes;
}

Result<> Store::put(const Segment& segment) {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Statement * insert,
            statement("INSERT OR REPLACE INTO segments(started_at, camera, ended_at, bytes) VALUES(?, ?, ?, ?)"));
  insert->bind(1, segment.started_at_ms).bind(2, std::string_view(segment.camera)).bind(3, segment.ended_at_ms);
  insert->bind(4, static_cast<std::int64_t>(segment.bytes));
  return insert->run();
}

Result<> Store::remove(const Segment& segment) {
  const std::scoped_lock lock(*mutex_);
  VD_TRY(remove_file(tree_.segment(segment.camera, segment.started_at_ms)));
  return drop_row(segment);
}

Result<> Store::drop_row(const Segment& segment) {
  VD_ASSIGN(Statement * drop, statement("DELETE FROM segments WHERE started_at = ? AND camera = ?"));
  drop->bind(1, segment.started_at_ms).bind(2, std::string_view(segment.camera));
  return drop->run();
}

Result<std::vector<Segment>> Store::segments(const std::string& camera, std::uint32_t limit) const {
  const std::scoped_lock lock(*mutex_);
  VD_ASSIGN(Statement * query, statement("SELECT camera, started_at, ended_at, bytes FROM segments WHERE ?1 = '' OR camera = ?1 "
                                         "ORDER BY started_at, camera LIMIT ?2"));
  query->bind(1, std::string_view(camera)).bind(2, std::int64_t{limit});
  std::vector<Segment> segments;
  for (;;) {
    VD_ASSIGN(const bool more, query->step());
    if (!more) return segments;
    segments.push_back(
        {std::string(query->text(0)), query->integer(1), query->integer(2), static_cast<std::uint64_t>(query->integer(3))});
  }
}

Result<std::uint64_t> Store::segment_bytes() const { return sum("SELECT sum(bytes) FROM segments", segment_sum_); }

}  // namespace vedette::store
