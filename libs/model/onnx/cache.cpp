#include "model/onnx/cache.h"

#include <stdlib.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "model/onnx/hash.h"

namespace vedette::model::onnx {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "/manifest";
constexpr const char* kUnfinished = ".making-";  // then six characters

std::string hash_of(std::string_view text, std::size_t digits) {
  ContentHash hash;
  hash.add(text);
  return hash.hex().substr(0, digits);
}

Result<std::string> hash_of_file(const std::string& path) {
  ContentHash hash;
  VD_TRY(hash.add_file(path));
  return hash.hex();
}

// A folder name made of what people call the model, whatever characters that has.
std::string plain(std::string_view stem) {
  std::string name(stem.substr(0, 64));
  for (char& c : name)
    if (!(('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_' || c == '.')) c = '_';
  return name;
}

Result<std::string> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return errno_error("cache " + path, error.value());
  return path;
}

// What builds left that were killed.
void remove_unfinished(const std::string& cache) {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(cache, error)) {
    if (!item.path().filename().string().starts_with(kUnfinished)) continue;
    const auto written = fs::last_write_time(item, error);
    if (!error && fs::file_time_type::clock::now() - written > std::chrono::hours(24)) fs::remove_all(item, error);
  }
}

Result<> write_manifest(const std::string& folder) {
  std::string lines;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    VD_ASSIGN(const std::string hash, hash_of_file(item.path()));
    lines += hash + " " + std::to_string(fs::file_size(item, error)) + " " + item.path().filename().string() + "\n";
  }
  if (error) return errno_error("cache " + folder, error.value());
  return write_file(folder + kManifest, lines);
}

}  // namespace

CacheEntry::CacheEntry(const std::string& cache, const ModelFile& model, std::string_view variant, std::string_view made_by)
    : cache_(cache) {
  std::error_code error;
  const fs::path path = fs::absolute(model.path, error);
  family_ = plain(path.stem().string()) + "-" + hash_of(path.string(), 8) + "-";
  own_content_ = family_ + model.content + "-";
  variant_ = own_content_ + std::string(variant) + "-";
  folder_ = cache_ + "/" + variant_ + hash_of(made_by, 8);
}

bool CacheEntry::is_whole() const {
  const auto manifest = read_file(folder_ + kManifest);
  if (!manifest.ok() || manifest->empty()) return false;
  std::istringstream lines(*manifest);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, size, name;
    words >> hash >> size >> std::ws;
    std::getline(words, name);
    if (name.empty() || name.find('/') != std::string::npos) return false;
    const std::string path = folder_ + "/" + name;
    std::error_code error;
    if (std::to_string(fs::file_size(path, error)) != size || error) return false;
    const auto now = hash_of_file(path);
    if (!now.ok() || *now != hash) return false;
  }
  return true;
}

void CacheEntry::remove() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

Result<std::string> CacheEntry::begin() {
  VD_TRY(make_folder(cache_));
  remove_unfinished(cache_);
  std::string made = cache_ + "/" + kUnfinished + "XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) return errno_error("cache " + cache_);
  return made;
}

void CacheEntry::discard(const std::string& made) {
  std::error_code error;
  fs::remove_all(made, error);
}

Result<> CacheEntry::commit(const std::string& made) {
  auto done = write_manifest(made);
  if (done.ok()) {
    remove();
    std::error_code error;
    fs::rename(made, folder_, error);
    // Somebody else was quicker: theirs is as good.
    if (error && error != std::errc::directory_not_empty && error != std::errc::file_exists)
      done = errno_error("cache " + folder_, error.value());
  }
  discard(made);
  if (done.ok()) remove_predecessors();
  return done;
}

void CacheEntry::remove_predecessors() const {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(cache_, error)) {
    const std::string name = item.path().filename().string();
    const bool of_this_file = name.starts_with(family_);
    const bool of_this_variant = name.starts_with(variant_);
    const bool current = name.starts_with(own_content_) && !of_this_variant;
    if (of_this_file && !current && item.path() != folder_) fs::remove_all(item, error);
  }
}

Result<std::string> shared_cache_folder(const std::string& cache, const char* name) { return make_folder(cache + "/" + name); }

}  // namespace vedette::model::onnx
