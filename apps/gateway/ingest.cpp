#include "gateway/ingest.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

constexpr auto kBeat = std::chrono::milliseconds(200);  // a writer is to give a sign of life each 250 ms
constexpr std::uint64_t kOpenAgainNs = 1'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr unsigned kIdsPerSecondBits = 20;  // frame ids begin at unix seconds × 2^20, as a ring's
constexpr int kMaskedQuality = 90;          // of JPEGs that are encoded anew

// A raw picture's planes as they are pushed: no gaps.
vision::MutableImageView packed_view(PushedPicture& picture) {
  vision::MutableImageView view{picture.format, picture.width, picture.height, {}};
  std::uint8_t* at = picture.bytes.data();
  for (int plane = 0; plane < plane_count(view.format); ++plane) {
    const PlaneGeometry extent = plane_extent(view.format, plane, view.width, view.height);
    view.planes[static_cast<std::size_t>(plane)] = {at, extent.row_bytes};
    at += std::size_t{extent.row_bytes} * extent.rows;
  }
  return view;
}

}  // namespace

Ingest::Ingest(const bus::BusDir& dir, std::string camera, const stage::Share& share, std::vector<vision::MaskPolygon> masks)
    : dir_(dir), topic_{std::move(camera), stage::kIngestTopic}, share_(share), mask_(std::move(masks)) {
  open();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("i/" + topic_.camera).substr(0, 15).c_str());
    run();
  });
}

Ingest::~Ingest() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Ingest::open() {
  next_open_ns_ = monotonic_ns() + kOpenAgainNs;
  auto opened = bus::LogWriter::open(dir_, topic_, stage::ingest_log(share_, stage::kIngestPictureBytes));
  if (!opened.ok()) return report(opened.error());
  writer_ = std::move(opened).value();
  told_.clear();
  const std::lock_guard lock(mutex_);
  error_.reset();
  next_frame_id_ = std::max(writer_->stats().frame_id + 1, (wall_ns() / kNsPerSecond) << kIdsPerSecondBits);
}

void Ingest::report(const Error& error) {
  if (error.text != told_) log::error("{}", error.text);
  told_ = error.text;
  const std::lock_guard lock(mutex_);
  error_ = error;
}

void Ingest::run() {
  for (;;) {
    std::optional<Pending> pending;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kBeat, [this] { return stopped_ || pending_.has_value(); });
      if (stopped_) return;
      pending = std::exchange(pending_, std::nullopt);
    }
    if (!writer_ && monotonic_ns() >= next_open_ns_) open();
    if (!writer_) continue;
    if (pending) append(*pending);
    writer_->beat();
  }
}

// Blackens what the masks hide. False: the JPEG is damaged.
bool Ingest::hide(PushedPicture& picture) {
  if (mask_.empty()) return true;
  if (picture.codec == Codec::RAW) {
    const ColorRange range = picture.format == PixelFormat::GRAY8 ? ColorRange::Full : ColorRange::Limited;
    mask_.apply(packed_view(picture), range);
    return true;
  }
  const auto file = std::as_bytes(std::span(picture.bytes));
  const auto header = decoder_.read_header(file);
  if (!header) return false;
  image_.reshape(header->format, header->width, header->height);
  image_.set_color(ColorMatrix::BT601, ColorRange::Full);
  const vision::MutableImageView planes = writable(image_);
  if (!decoder_.decode(file, *header, 1, planes).ok()) return false;
  mask_.apply(planes, ColorRange::Full);
  const auto hidden = encoder_.encode(image_.view(), kMaskedQuality);
  if (!hidden) return false;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(hidden->data());
  picture.bytes.assign(bytes, bytes + hidden->size());
  return true;
}

void Ingest::append(Pending& pending) {
  if (!hide(pending.picture)) {
    const std::lock_guard lock(mutex_);
    ++counters_.failed;
    return;
  }
  const auto bytes = std::as_bytes(std::span(pending.picture.bytes));
  const auto format = static_cast<std::byte>(pending.picture.format);
  const bool raw = pending.picture.codec == Codec::RAW;
  const auto config = raw ? std::span(&format, 1) : std::span<const std::byte>{};
  Result<> grown;
  if (sizeof(PacketInfo) + config.size() + bytes.size() > writer_->options().max_record_bytes)
    grown = writer_->resize(stage::ingest_log(share_, config.size() + bytes.size()));
  pending.info.mutate_published_at_ns(monotonic_ns());
  const auto pieces = packet_pieces(pending.info, config, bytes);
  const bool written = grown.ok() && writer_->append({pending.info.frame_id(), pending.info.captured_at_ns(), true}, pieces);
  if (written) return;
  if (!grown.ok() && grown.error().text != told_) {
    told_ = grown.error().text;
    log::error("{}: a picture of {} bytes: {}", topic_.text(), bytes.size(), told_);
  }
  const std::lock_guard lock(mutex_);
  ++counters_.failed;
}

// When it was taken, on this machine's clocks: when it came, unless the client says a time that can be.
void Ingest::stamp(PacketInfo& info, const PushedPicture& picture, Pushed& pushed) {
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t wall = wall_ns();
  std::uint64_t age = 0;
  if (picture.captured_unix_ms && *picture.captured_unix_ms <= wall / kNsPerMs) {
    age = wall - *picture.captured_unix_ms * kNsPerMs;
    pushed.client_time = age <= kOldestCaptureNs && age < now;
  }
  if (!pushed.client_time) age = 0;
  last_captured_ns_ = std::max(now - age, last_captured_ns_ + 1);
  info.mutate_captured_at_ns(last_captured_ns_);
  info.mutate_wall_at_ns(wall - age_ns(last_captured_ns_, now));
  if (pushed.client_time) info.mutate_camera_wall_at_ns(*picture.captured_unix_ms * kNsPerMs);
  info.mutate_pts_ns(static_cast<std::int64_t>(last_captured_ns_));
  info.mutate_dts_ns(static_cast<std::int64_t>(last_captured_ns_));
}

Result<Pushed> Ingest::offer(PushedPicture picture) {
  PacketInfo info;
  const auto refuse = [this](Error error) {
    const std::lock_guard lock(mutex_);
    ++counters_.refused;
    return error;
  };
  if (picture.codec == Codec::MJPEG) {
    const auto header = headers_.read_header(std::as_bytes(std::span(picture.bytes)));
    if (!header.ok()) return refuse({ErrorCode::kCorrupt, "this is not a JPEG of grey or YCbCr: " + header.error().text});
    picture.width = header->width;
    picture.height = header->height;
  } else {
    const std::uint64_t expected = raw_picture_bytes(picture.format, picture.width, picture.height);
    if (expected == 0 || picture.bytes.size() != expected)
      return refuse({ErrorCode::kCorrupt, std::to_string(picture.bytes.size()) + " bytes; expected " + std::to_string(expected) +
                                              ", a picture of this size and format with no gaps between rows"});
  }
  if (picture.width > kMaxSide || picture.height > kMaxSide)
    return refuse({ErrorCode::kCorrupt, "a side of more than " + std::to_string(kMaxSide) + " pixels"});
  info.mutate_codec(picture.codec);
  info.mutate_keyframe(1);
  info.mutate_width(picture.width);
  info.mutate_height(picture.height);
  Pushed pushed;
  stamp(info, picture, pushed);
  {
    const std::lock_guard lock(mutex_);
    if (error_) return Error{ErrorCode::kUnavailable, "pictures can't be taken now: " + error_->text};
    pushed.frame_id = next_frame_id_++;
    info.mutate_frame_id(pushed.frame_id);
    if (pending_) ++counters_.replaced;
    ++counters_.taken;
    pending_.emplace(Pending{info, std::move(picture)});
  }
  changed_.notify_all();
  return pushed;
}

IngestCounters Ingest::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace vedette::gateway
