#include <fmt/format.h>

#include "capture/slots.h"
#include "capture/source.h"
#include "capture/sources/folder_source.h"
#include "capture/sources/ingest_source.h"
#include "capture/sources/libav_source.h"
#include "capture/sources/synthetic_source.h"
#include "capture/sources/v4l2_source.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace

SourceKind kind_of(const std::string& url) {
  if (starts_with(url, "/dev/") || starts_with(url, "v4l2:")) return SourceKind::kDevice;
  if (starts_with(url, "synthetic:")) return SourceKind::kSynthetic;
  if (url == "ingest:") return SourceKind::kIngest;
  const bool is_file = url.find("://") == std::string::npos || starts_with(url, "file:");
  if (!is_file) return SourceKind::kNetwork;
  return is_folder(path_of(url)) ? SourceKind::kFolder : SourceKind::kFile;
}

std::string url_with_credentials(const SourceOptions& options) {
  if (is_playback(kind_of(options.url)) && !starts_with(options.url, "file:")) return "file:" + options.url;
  if (kind_of(options.url) != SourceKind::kNetwork || options.username.empty()) return options.url;
  const std::size_t host = options.url.find("://") + 3;
  const std::string user = percent_encoded(options.username);
  const std::string password = options.password.empty() ? "" : ":" + percent_encoded(options.password.value);
  return options.url.substr(0, host) + user + password + "@" + options.url.substr(host);
}

std::vector<std::string> secrets_of(const SourceOptions& options) {
  std::vector<std::string> secrets{options.password.value, percent_encoded(options.password.value)};
  for (std::string& secret : log::secrets_in_url(options.url)) secrets.push_back(std::move(secret));
  return secrets;
}

void Source::write_picture(const vision::MutableImageView&) { VD_ASSERT(false, "this source gives no pictures"); }
std::unique_ptr<SlotPicture> Source::take_slot() { return nullptr; }

Sources::Sources(SourceOptions options, const bus::BusDir& dir, Slots& slots, Idle idle)
    : options_(std::move(options)), dir_(dir), slots_(slots), idle_(std::move(idle)) {}
Sources::~Sources() = default;

Result<std::unique_ptr<Source>> Sources::open() {
  switch (kind_of(options_.url)) {
    case SourceKind::kFile:
    case SourceKind::kNetwork:
      return LibavSource::open(options_, idle_);
    case SourceKind::kFolder:
      return FolderSource::open(options_, idle_);
    case SourceKind::kDevice:
      return V4l2Source::open(options_, device_, slots_, idle_);
    case SourceKind::kSynthetic:
      return SyntheticSource::open(options_, idle_);
    case SourceKind::kIngest:
      if (!ingest_) ingest_ = std::make_unique<bus::LogSubscriber>(IngestSource::make_topic(options_, dir_));
      return IngestSource::open(*ingest_, idle_);
  }
  return Error{ErrorCode::kInvalidArgument, "there is no source for this URL"};
}

}  // namespace vedette::capture
