#include "gateway/static_files.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vedette::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
}};

// FNV-1a, 64 bit: an ETag only has to change when the file does.
std::string etag_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) text.push_back(kDigits[(hash >> shift) & 15]);
  return text + "\"";
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) return Error{ErrorCode::kIo, path.string() + ": cannot be read"};
  return body;
}

}  // namespace

std::string_view content_type_of(std::string_view file) {
  for (const auto& [ending, type] : kTypes)
    if (file.ends_with(ending)) return type;
  return {};
}

Result<StaticFiles> StaticFiles::load(const std::string& root) {
  std::error_code error;
  if (!fs::is_directory(root, error)) return Error{ErrorCode::kNotFound, root + ": no such folder (the built page)"};
  StaticFiles files;
  std::size_t bytes = 0;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = "/" + entry->path().lexically_relative(root).generic_string();
    const auto status = entry->symlink_status(error);
    const std::string_view type = content_type_of(name);
    if (error || !fs::is_regular_file(status) || type.empty()) continue;
    const std::uintmax_t size = entry->file_size(error);
    if (error || files.files_.size() == kMaxFiles || size > kMaxBytes - bytes)
      return Error{ErrorCode::kResourceExhausted, root + ": more than 500 files or 32 MiB, this can't be the built page"};
    VD_ASSIGN(auto body, read_file(entry->path()));
    bytes += size;
    const std::string etag = etag_of(body);
    files.files_.emplace(name, StaticFile{std::make_shared<const std::string>(std::move(body)), std::string(type), etag,
                                          name.starts_with("/assets/")});
  }
  if (error) return Error{ErrorCode::kIo, root + ": " + error.message()};
  if (files.find("/") == nullptr) return Error{ErrorCode::kNotFound, root + ": no index.html there (the built page)"};
  return files;
}

const StaticFile* StaticFiles::find(std::string_view path) const {
  const auto found = files_.find(path == "/" ? std::string_view("/index.html") : path);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace vedette::gateway
