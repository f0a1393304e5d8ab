// The tables of events.db. Its version is SQLite's user_version; a new one adds its step to migrate(). Pure constants.
//
// All tables are their own index (WITHOUT ROWID), and each index of `events` that lists use holds all of its columns: a list
// reads one of them from where it begins, sorts nothing and looks nothing up.
#pragma once

#include <string>

namespace vedette::store {

inline constexpr std::int64_t kVersion = 1;

// In the order that rows are written and read.
inline const std::string kEventColumns =
    "camera, id, kind, rule, label, text, zones, track, score, started_at, ended_at, x, y, width, height, state, favourite, "
    "snapshot, clips, clip_ms, codec, bytes, until_at_ns";
inline constexpr int kEventColumnCount = 23;

inline const std::string kTablesOfVersion1 = R"(
CREATE TABLE events(
  camera TEXT NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL,
  zones TEXT NOT NULL, track INTEGER NOT NULL, score REAL NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
  x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL, state INTEGER NOT NULL,
  favourite INTEGER NOT NULL, snapshot INTEGER NOT NULL, clips INTEGER NOT NULL, clip_ms INTEGER NOT NULL, codec TEXT NOT NULL,
  bytes INTEGER NOT NULL, until_at_ns INTEGER NOT NULL,
  PRIMARY KEY(camera, id)) WITHOUT ROWID;
CREATE INDEX events_by_time ON events(started_at, id, camera,
  kind, rule, label, text, zones, track, score, ended_at, x, y, width, height, state, favourite, snapshot, clips, clip_ms, codec,
  bytes, until_at_ns);
CREATE INDEX events_by_camera ON events(camera, started_at, id,
  kind, rule, label, text, zones, track, score, ended_at, x, y, width, height, state, favourite, snapshot, clips, clip_ms, codec,
  bytes, until_at_ns);
CREATE INDEX events_by_label ON events(label, started_at, id, camera,
  kind, rule, text, zones, track, score, ended_at, x, y, width, height, state, favourite, snapshot, clips, clip_ms, codec,
  bytes, until_at_ns);
CREATE INDEX favourite_events ON events(started_at, id, camera,
  kind, rule, label, text, zones, track, score, ended_at, x, y, width, height, state, favourite, snapshot, clips, clip_ms, codec,
  bytes, until_at_ns) WHERE favourite = 1;
CREATE INDEX event_bytes ON events(bytes) WHERE favourite = 0;
CREATE TABLE removed_events(
  camera TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(camera, id)) WITHOUT ROWID;
CREATE TABLE event_zones(
  zone TEXT NOT NULL, started_at INTEGER NOT NULL, id INTEGER NOT NULL, camera TEXT NOT NULL,
  PRIMARY KEY(zone, started_at, id, camera)) WITHOUT ROWID;
CREATE TABLE segments(
  started_at INTEGER NOT NULL, camera TEXT NOT NULL, ended_at INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(started_at, camera)) WITHOUT ROWID;
PRAGMA user_version = 1;
)";

}  // namespace vedette::store
