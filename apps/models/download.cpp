#include "models/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "model_file/sha256.h"

namespace vedette::models {
namespace {

constexpr long kConnectTimeoutS = 20;
constexpr long kMostRedirects = 10;
constexpr int kMostTries = 20;  // of which each but the last brought something

struct CloseCurl {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};
struct FreeHeaders {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, CloseCurl>;
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;

// Of the last answer; earlier ones were redirects.
struct Answer {
  long status = 0;
  std::string validator;  // strong ETag, else Last-Modified: what If-Range takes
  std::uint64_t length = 0;
  std::optional<std::uint64_t> range_start;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The part of a file that has come, open for appending and locked.
class Part {
 public:
  static Result<Part> open(const Download& wanted) {
    const std::string path = wanted.path + ".part";
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!fd) return errno_error(path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return Error{ErrorCode::kBusy, path + ": another fetch is writing it"};
    struct ::stat info {};
    if (::fstat(fd.get(), &info) != 0) return errno_error(path);
    Part part(path, std::move(fd), static_cast<std::uint64_t>(info.st_size));
    const auto from = read_file(part.from_path());
    const std::size_t line = from ? from->find('\n') : std::string::npos;
    if (line != std::string::npos && from->substr(0, line) == wanted.url)
      part.validator_ = from->substr(line + 1);
    else
      VD_TRY(part.clear());
    return part;
  }

  Result<> clear() {
    bytes_ = 0;
    if (::ftruncate(fd_.get(), 0) != 0) return errno_error(path_);
    return {};
  }
  Result<> append(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t wrote = ::write(fd_.get(), data, size);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return errno_error(path_);
      data += wrote;
      size -= static_cast<std::size_t>(wrote);
      bytes_ += static_cast<std::uint64_t>(wrote);
    }
    return {};
  }
  // From where the rest can be had, for a later try.
  Result<> remember(const std::string& url, const std::string& validator) {
    validator_ = validator;
    return write_file(from_path(), url + "\n" + validator);
  }
  Result<> finish(const std::string& path) {
    if (::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), path.c_str()) != 0) return errno_error(path);
    ::unlink(from_path().c_str());
    return {};
  }
  void remove() {
    ::unlink(path_.c_str());
    ::unlink(from_path().c_str());
  }

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::string& validator() const { return validator_; }

 private:
  Part(std::string path, UniqueFd fd, std::uint64_t bytes) : path_(std::move(path)), fd_(std::move(fd)), bytes_(bytes) {}
  std::string from_path() const { return path_ + ".from"; }

  std::string path_;
  UniqueFd fd_;
  std::uint64_t bytes_ = 0;
  std::string validator_;
};

// One request, its callbacks and what they found.
class Transfer {
 public:
  Transfer(const Download& wanted, Part& part) : wanted_(wanted), part_(part), offset_(part.bytes()), curl_(::curl_easy_init()) {}

  // kUnavailable: what came is kept and another try may bring more.
  Result<> run() {
    if (!curl_) return Error{ErrorCode::kResourceExhausted, "libcurl could not be started"};
    prepare();
    const CURLcode code = ::curl_easy_perform(curl_.get());
    if (wanted_.stopped()) return Error{ErrorCode::kUnavailable, "stopped; run it again to go on"};
    if (mistake_) return *mistake_;
    if (code == CURLE_OK) return check_status();  // a body-less answer never came to on_data()
    return Error{ErrorCode::kUnavailable, wanted_.url + ": " + (*message_ != '\0' ? message_ : ::curl_easy_strerror(code))};
  }

  bool brought_something() const { return appended_; }

 private:
  void prepare() {
    CURL* curl = curl_.get();
    ::curl_easy_setopt(curl, CURLOPT_URL, wanted_.url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, wanted_.url.starts_with("https:") ? "https" : "http,https");
    ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    ::curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMostRedirects);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(wanted_.stall.count()));
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette");
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message_);
    ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_data);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    ::curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    if (offset_ == 0) return;
    ::curl_easy_setopt(curl, CURLOPT_RANGE, (std::to_string(offset_) + "-").c_str());
    if (part_.validator().empty()) return;
    headers_.reset(::curl_slist_append(nullptr, ("If-Range: " + part_.validator()).c_str()));
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  }

  static std::size_t on_header(const char* data, std::size_t, std::size_t size, void* self) {
    static_cast<Transfer*>(self)->read_header({data, size});
    return size;
  }
  static std::size_t on_data(const char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->take(data, size) ? size : CURL_WRITEFUNC_ERROR;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(self)->wanted_.stopped() ? 1 : 0;
  }

  void read_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {
      answer_ = {};
      const std::size_t space = line.find(' ');
      if (space != std::string_view::npos) answer_.status = std::strtol(std::string(line.substr(space)).c_str(), nullptr, 10);
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string name(line.substr(0, colon)), value(trimmed(line.substr(colon + 1)));
    const auto is = [&](const char* known) { return ::strcasecmp(name.c_str(), known) == 0; };
    if (is("ETag") && !value.starts_with("W/")) answer_.validator = value;
    if (is("Last-Modified") && answer_.validator.empty()) answer_.validator = value;
    if (is("Content-Length")) answer_.length = std::strtoull(value.c_str(), nullptr, 10);
    if (is("Content-Range") && value.starts_with("bytes ") && value.size() > 6 && value[6] != '*')
      answer_.range_start = std::strtoull(value.c_str() + 6, nullptr, 10);
  }

  bool take(const char* data, std::size_t size) {
    if (!begun_) {
      begun_ = true;
      if (auto ready = begin(); !ready) return wrong(std::move(ready).error());
    }
    if (total_ != 0 && part_.bytes() + size > total_)
      return wrong(
          {ErrorCode::kCorrupt, wanted_.url + ": the server sends more than the " + std::to_string(total_) + " bytes expected"});
    if (auto appended = part_.append(data, size); !appended) return wrong(std::move(appended).error());
    appended_ = true;
    if (wanted_.progress) wanted_.progress(part_.bytes(), total_);
    return true;
  }

  // The first bytes of a body are here: does it go on where we are, or begin at the front?
  Result<> begin() {
    VD_TRY(check_status());
    const bool goes_on = answer_.status == 206;
    if (goes_on && answer_.range_start.value_or(0) != offset_)
      return Error{ErrorCode::kCorrupt, wanted_.url + ": the server sends another part of the file than the one asked for"};
    if (!goes_on) VD_TRY(part_.clear());
    VD_TRY(part_.remember(wanted_.url, answer_.validator));
    const std::uint64_t announced = answer_.length == 0 ? 0 : part_.bytes() + answer_.length;
    if (wanted_.bytes != 0 && announced != 0 && announced != wanted_.bytes)
      return Error{ErrorCode::kCorrupt, wanted_.url + ": the server's file has " + std::to_string(announced) +
                                            " bytes, expected " + std::to_string(wanted_.bytes)};
    total_ = wanted_.bytes != 0 ? wanted_.bytes : announced;
    return check_room();
  }

  Result<> check_status() const {
    if (answer_.status == 200 || (answer_.status == 206 && offset_ > 0)) return {};
    if (answer_.status == 416 && offset_ > 0)  // what we have is longer than the server's file
      return Error{ErrorCode::kIncompatible, wanted_.url + ": the server has nothing behind byte " + std::to_string(offset_)};
    return Error{ErrorCode::kNotFound, wanted_.url + ": the server answers " + std::to_string(answer_.status)};
  }

  Result<> check_room() const {
    struct ::statvfs disk {};
    if (total_ == 0 || ::statvfs(part_.path().c_str(), &disk) != 0) return {};
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize, missing = total_ - part_.bytes();
    if (free >= missing) return {};
    return Error{ErrorCode::kResourceExhausted, part_.path() + ": " + size_text(missing) + " are missing, but only " +
                                                    size_text(free) + " are free on the disk"};
  }

  bool wrong(Error error) {
    mistake_ = std::move(error);
    return false;
  }

  const Download& wanted_;
  Part& part_;
  std::uint64_t offset_;
  Curl curl_;
  Headers headers_;
  Answer answer_;
  std::uint64_t total_ = 0;
  bool begun_ = false, appended_ = false;
  std::optional<Error> mistake_;
  char message_[CURL_ERROR_SIZE] = {};
};

Result<> check(const Download& wanted, Part& part) {
  if (wanted.bytes != 0 && part.bytes() != wanted.bytes) {
    part.remove();
    return Error{ErrorCode::kCorrupt, wanted.url + ": what came has " + std::to_string(part.bytes()) + " bytes, expected " +
                                          std::to_string(wanted.bytes) + "; it was removed"};
  }
  if (wanted.sha256.empty()) return {};
  VD_ASSIGN(const std::string sha256, model_file::sha256_of(part.path()));
  if (sha256 == wanted.sha256) return {};
  part.remove();
  return Error{ErrorCode::kCorrupt,
               wanted.url + ": what came has the sha256 " + sha256 + ", expected " + wanted.sha256 + "; it was removed"};
}

Result<> fill(const Download& wanted, Part& part) {
  for (int tries = 0;; ++tries) {
    if (wanted.bytes != 0 && part.bytes() == wanted.bytes) return {};
    // A server that doesn't say whether its file is still the same: only a checksum could tell.
    if (part.validator().empty() && wanted.sha256.empty()) VD_TRY(part.clear());
    Transfer transfer(wanted, part);
    auto done = transfer.run();
    if (done) return done;
    const ErrorCode code = done.error().code;
    if (code == ErrorCode::kIncompatible) {  // once: without a part there is no range
      VD_TRY(part.clear());
    } else if (code == ErrorCode::kCorrupt) {
      part.remove();
      return done;
    } else if (code != ErrorCode::kUnavailable || !transfer.brought_something() || tries == kMostTries || wanted.stopped()) {
      return done;
    }
  }
}

}  // namespace

Result<> download(const Download& wanted) {
  VD_ASSIGN(Part part, Part::open(wanted));
  auto filled = fill(wanted, part);
  if (!filled && part.bytes() == 0) part.remove();
  VD_TRY(std::move(filled));
  VD_TRY(check(wanted, part));
  return part.finish(wanted.path);
}

}  // namespace vedette::models
