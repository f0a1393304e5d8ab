#include "notify/webhook.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "base/file.h"
#include "base/thread.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMostQueued = 1000;
constexpr Nanoseconds kSnapshotWait = seconds(5);  // record writes it within a second or two
constexpr Nanoseconds kFirstPause = seconds(1);
constexpr Nanoseconds kLongestPause = minutes(5);
constexpr Nanoseconds kLongestRetryAfter = minutes(30);  // who asks for more is asked sooner all the same
constexpr std::size_t kLargestSnapshot = 8 << 20;

struct CloseCurl {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
struct FreeMime {
  void operator()(curl_mime* mime) const { ::curl_mime_free(mime); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  if (curl_slist* const longer = ::curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

bool has_header(const std::vector<std::string>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const std::string& header) {
    return header.size() > name.size() && header[name.size()] == ':' &&
           ::strncasecmp(header.c_str(), name.data(), name.size()) == 0;
  });
}

// What the library calls back with during one post.
struct Answer {
  std::string retry_after;
  const std::function<bool()>* stopping = nullptr;
};

std::size_t take_header(char* data, std::size_t, std::size_t size, void* object) {
  constexpr std::string_view kName = "retry-after:";
  if (size > kName.size() && ::strncasecmp(data, kName.data(), kName.size()) == 0) {
    std::string_view value(data + kName.size(), size - kName.size());
    const std::size_t first = std::min(value.find_first_not_of(" \t"), value.size());
    const std::size_t end = value.find_last_not_of(" \t\r\n");
    static_cast<Answer*>(object)->retry_after = end == std::string_view::npos ? "" : value.substr(first, end + 1 - first);
  }
  return size;
}

std::size_t ignore_body(char*, std::size_t, std::size_t size, void*) { return size; }

int may_go_on(void* object, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<Answer*>(object)->stopping)() ? 1 : 0;
}

// The content of one post; must live until that is over.
struct Content {
  List headers;
  std::unique_ptr<curl_mime, FreeMime> mime;
};

void add_part(curl_mime* mime, const char* name, const char* type, const std::string& data, const std::string& file = "") {
  curl_mimepart* const part = ::curl_mime_addpart(mime);
  ::curl_mime_name(part, name);
  ::curl_mime_type(part, type);
  if (!file.empty()) ::curl_mime_filename(part, file.c_str());
  ::curl_mime_data(part, data.data(), data.size());
}

Content fill(CURL* curl, const WebhookConfig& config, const Notice& notice) {
  Content content;
  const std::string body = config.body.empty() ? event_json(notice.event, notice.files) : fill_in(config.body, notice);
  for (const std::string& header : config.headers) append(content.headers, header);
  if (config.snapshot) {
    content.mime.reset(::curl_mime_init(curl));
    add_part(content.mime.get(), "event", "application/json", body);
    const auto image = notice.files.snapshot.empty() ? Result<std::string>("") : read_file(notice.files.snapshot);
    if (image && !image->empty() && image->size() <= kLargestSnapshot)
      add_part(content.mime.get(), "snapshot", "image/jpeg", *image, file_name(notice.files.snapshot));
    ::curl_easy_setopt(curl, CURLOPT_MIMEPOST, content.mime.get());
  } else {
    if (!has_header(config.headers, "Content-Type")) append(content.headers, "Content-Type: application/json");
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    ::curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body.data());
  }
  ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, content.headers.get());
  return content;
}

}  // namespace

bool is_worth_another_try(long status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

Nanoseconds retry_after(const std::string& value, std::uint64_t wall_now_ns) {
  long long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc{} && end == value.data() + value.size() && !value.empty())
    return std::clamp<Nanoseconds>(seconds(std::clamp(number, 0LL, 1'000'000LL)), Nanoseconds{0}, kLongestRetryAfter);
  const std::time_t date = value.empty() ? -1 : ::curl_getdate(value.c_str(), nullptr);
  const auto now = static_cast<std::time_t>(wall_now_ns / 1'000'000'000);
  if (date < now) return Nanoseconds{0};
  return std::min<Nanoseconds>(seconds(date - now), kLongestRetryAfter);
}

Webhook::Webhook(WebhookConfig config) : config_(std::move(config)), name_(log::redact_url(config_.url)) {
  static const CURLcode initialised = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialised;
  thread_ = start_thread("webhook", [this] { run(); });
}

Webhook::~Webhook() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  thread_.join();
  if (const std::size_t left = pending_.size() + queue_.size() + (broken_off_ ? 1 : 0); left > 0)
    log::warning("webhook {}: {} events weren't delivered", name_, left);
}

void Webhook::offer(const Event& event, const EventFiles& files) {
  if (!is_chosen(config_.choice, event)) return;
  // Only what was seen on a frame has a picture.
  const bool waits = config_.snapshot && files.snapshot.empty() && (event.frame_id != 0 || event.best_frame_id != 0);
  pending_.push_back({{event, files}, waits ? monotonic_ns() + to_ns(kSnapshotWait) : 0});
  hand_over();
}

void Webhook::snapshot(const std::string& camera, std::uint64_t event_id, const std::string& path) {
  for (Pending& pending : pending_) {
    if (pending.notice.event.camera != camera || pending.notice.event.id != event_id) continue;
    pending.notice.files.snapshot = path;
    pending.until_ns = 0;
  }
  hand_over();
}

void Webhook::tick() { hand_over(); }

// In order: who waits holds up those behind, for seconds at most.
void Webhook::hand_over() {
  const std::uint64_t now = monotonic_ns();
  while (!pending_.empty() && pending_.front().until_ns <= now) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= kMostQueued) {
        queue_.pop_front();
        if (dropped_++ == 0) log::warning("webhook {}: {} events wait; the oldest are dropped, and counted", name_, kMostQueued);
      }
      queue_.push_back(std::move(pending_.front().notice));
    }
    pending_.pop_front();
    news_.notify_all();
  }
}

void Webhook::run() {
  for (;;) {
    Notice notice;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      notice = std::move(queue_.front());
      queue_.pop_front();
      if (queue_.empty() && dropped_ > 0)
        log::info("webhook {}: no event waits any more; {} were dropped meanwhile", name_, std::exchange(dropped_, 0));
    }
    deliver(notice);
  }
}

void Webhook::deliver(const Notice& notice) {
  Nanoseconds pause = kFirstPause;
  for (std::uint32_t tries = 0;; ++tries) {
    const Outcome outcome = post(notice);
    if (outcome.failure.empty()) {
      if (failing_) log::info("webhook {}: takes events again", name_);
      failing_ = false;
      return;
    }
    if (outcome.done || tries >= config_.retries)
      return log::warning("webhook {}: event {} is given up after {} {}: {}", name_, notice.event.id, tries + 1,
                          tries == 0 ? "try" : "tries", outcome.failure);
    tell(outcome.failure);
    const Nanoseconds jittered = pause * std::uniform_int_distribution(75, 125)(dice_) / 100;
    if (!wait(std::max(jittered, outcome.retry_after))) return void(broken_off_ = true);
    pause = std::min(2 * pause, kLongestPause);
  }
}

bool Webhook::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Webhook::Outcome Webhook::post(const Notice& notice) {
  const std::unique_ptr<CURL, CloseCurl> curl(::curl_easy_init());
  if (!curl) return {false, "libcurl could not be started"};
  const Content content = fill(curl.get(), config_, notice);
  const std::function<bool()> stopped = [this] { return stopping(); };
  Answer answer{"", &stopped};
  char message[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, config_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(config_.timeout.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, message);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &answer);
  set(CURLOPT_WRITEFUNCTION, &ignore_body);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &may_go_on);
  set(CURLOPT_XFERINFODATA, &answer);
  const CURLcode code = ::curl_easy_perform(curl.get());
  if (code != CURLE_OK) return {false, *message != '\0' ? message : ::curl_easy_strerror(code)};
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return {true, ""};
  const bool again = is_worth_another_try(status);
  return {!again, fmt::format("HTTP {}", status), again ? retry_after(answer.retry_after, wall_ns()) : Nanoseconds{}};
}

bool Webhook::wait(Nanoseconds pause) {
  std::unique_lock lock(mutex_);
  return !news_.wait_for(lock, pause, [this] { return stopping_; });
}

void Webhook::tell(const std::string& failure) {
  if (!failing_) log::warning("webhook {}: {}; tried again, up to {} times an event", name_, failure, config_.retries);
  failing_ = true;
}

}  // namespace vedette::notify
