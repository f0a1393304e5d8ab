// The built page, read whole into memory at start: what isn't in the map can't be asked for, so no path leads anywhere else, and
// the files may be replaced while the gateway runs (a restart serves the new ones).
// Immutable after load(), thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette::gateway {

struct StaticFile {
  std::shared_ptr<const std::string> body;
  std::string content_type;
  std::string etag;        // quoted
  bool immutable = false;  // its name carries a hash of its contents (Vite's assets/)
};

class StaticFiles {
 public:
  StaticFiles() = default;

  // Every regular file below `root` whose ending is known (html, js, css, …); others and symbolic links are left out. Not found:
  // no folder or no index.html there; exhausted: more than kMaxFiles or kMaxBytes.
  static Result<StaticFiles> load(const std::string& root);

  // "/" is index.html. Null: no such file.
  const StaticFile* find(std::string_view path) const;
  std::size_t size() const { return files_.size(); }

  static constexpr std::size_t kMaxFiles = 500;
  static constexpr std::size_t kMaxBytes = 32u << 20;

 private:
  std::map<std::string, StaticFile, std::less<>> files_;  // "/assets/index-1a2b.js"
};

// "text/html; charset=utf-8" for "index.html"; "" for an ending that isn't served.
std::string_view content_type_of(std::string_view file);

}  // namespace vedette::gateway
