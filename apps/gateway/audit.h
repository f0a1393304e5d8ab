// The audit log: <storage.dir>/audit.log, one JSON object a line, only ever appended to: who asked for what, when, from where,
// and what came of it: logins, failures, every request that may change something. A file of kRotateBytes becomes audit.log.1, and
// so on; kKept of them stay.
//
// Thread-safe: add() puts the entry into a bounded queue, a thread of its own writes. What a full queue or disk leaves out is
// counted in the next line. Entries of nobody known, and those of each name that changed nothing (refusals, logins), are limited
// a minute, so that nobody washes the others away; the last of them says that more are left out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace vedette::gateway {

struct AuditEntry {
  std::string who;     // a user's name, "token NAME"; "": nobody known
  std::string role;    // "": nobody known
  std::string from;    // the address
  std::string what;    // "PUT /api/cameras/front/mode", "login"
  int result = 0;      // the HTTP status
  std::string detail;  // a few words more; "": none
  bool often = false;  // comes again and again by itself: one a minute and address will do
};

class AuditLog {
 public:
  static constexpr std::uint64_t kRotateBytes = 4 << 20;
  static constexpr int kKept = 4;
  static constexpr std::size_t kQueue = 1024;
  static constexpr std::uint32_t kUnknownAMinute = 60;
  static constexpr std::uint32_t kOfNameAMinute = 20;

  explicit AuditLog(std::string storage);
  ~AuditLog();  // writes what is queued
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void add(AuditEntry entry);

  // The newest `limit` entries older than `before_ms` (none: all), newest first, each a JSON object's text. Reads files: for
  // workers' threads.
  Result<std::vector<std::string>> newest(std::size_t limit, std::optional<std::int64_t> before_ms) const;
  // Until all that was added before is in the file (tests).
  void flush();

 private:
  void write_all();
  void write(const std::string& lines);
  enum class Place { kFree, kLast, kTaken };
  Place place_for(const AuditEntry& entry);

  const std::string path_;
  mutable std::mutex mutex_;  // all below but the thread
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::uint64_t left_out_ = 0;
  std::uint64_t minute_ = 0;
  std::unordered_map<std::string, std::uint32_t> limited_;  // in this minute, by who
  bool stopping_ = false;
  bool writing_ = false;
  bool failed_ = false;  // told already
  std::thread thread_;
};

}  // namespace vedette::gateway
